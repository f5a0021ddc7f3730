import Contracts
import Lanes
import Membership
import Redis
import Synchronization

/// What happened to lanes in a cluster under test, in order, with the monotonic instant.
final class Chronicle: Sendable {
    struct Entry: Sendable {
        let at: ContinuousClock.Instant
        let member: MemberID
        let report: LaneReport
        /// The lane's, as the member took it: it orders what two members note of one lane in the same moment.
        let epoch: UInt64
    }

    private let entries = Mutex<[Entry]>([])
    private let bell = Bell()

    func note(_ member: MemberID, _ report: LaneReport, epoch: UInt64) {
        entries.withLock { $0.append(Entry(at: .now, member: member, report: report, epoch: epoch)) }
        bell.ring()
    }

    var all: [Entry] { entries.withLock { $0 } }

    /// Who holds each lane, as far as the processes know.
    var holders: [LaneName: MemberID] {
        var newest: [LaneName: UInt64] = [:]
        var holders: [LaneName: MemberID] = [:]
        for entry in all where entry.epoch >= newest[entry.report.lane] ?? 0 {
            switch entry.report {
            case .taken(let lane):
                newest[lane] = entry.epoch
                holders[lane] = entry.member
            case .released(let lane), .lost(let lane): holders[lane] = nil
            case .refused: break
            }
        }
        return holders
    }

    /// Waits for a condition that any report, or anything in Redis, may bring about; whether it came in time.
    func wait(_ atMost: Duration = .seconds(60), for condition: () throws -> Bool) rethrows -> Bool {
        let deadline = ContinuousClock.now + atMost
        while true {
            if try condition() { return true }
            guard ContinuousClock.now < deadline else { return false }
            bell.wait(until: min(deadline, .now + .milliseconds(10)))
        }
    }
}

/// A worker process without the work: takes and releases real lanes as a runner does, on a thread of its own.
final class Holder: Sendable {
    private struct Mail {
        var grants: [(lane: LaneName, assignment: UInt64)] = []
        var revocations: [LaneName] = []
        var looks = false
        var end = false
    }

    private final class Post: Sendable {
        let mail = Mutex(Mail())
        let bell = Bell()
        let listener = Mutex<(@Sendable (LaneReport) -> Void)?>(nil)
        let isDeaf = Mutex(false)

        func put(_ change: (inout Mail) -> Void) {
            mail.withLock { change(&$0) }
            bell.ring()
        }
    }

    let member: Member
    private let post: Post
    private let thread: ControlThread

    init(_ id: MemberID, _ connector: LaneConnector, _ settings: Member.Settings, _ chronicle: Chronicle) {
        let post = Post()
        self.post = post
        member = Member(
            id: id, settings: settings, connector: connector,
            host: LaneHost(
                grant: { lane, number in post.put { $0.grants.append((lane, number)) } },
                revoke: { lane in post.put { $0.revocations.append(lane) } }, load: { MemberLoad(runners: 1) }),
            log: silent)
        thread = ControlThread { Self.run(id, connector, post, chronicle) }
        post.listener.withLock { [member] in $0 = { member.report($0) } }
    }

    /// As kill -9 does: neither beats nor releases.
    func kill() {
        post.put { $0.end = true }
        member.stop()
    }

    /// Its runners work on, but no heartbeat goes out any more.
    func stopBeating() { member.stop() }

    /// Asks its lanes whether they are still its own.
    func look() { post.put { $0.looks = true } }

    func leave(within: Duration = .seconds(20)) -> Bool {
        let left = member.leave(by: .now + within)
        post.put { $0.end = true }
        return left
    }

    private static func run(_ id: MemberID, _ connector: LaneConnector, _ post: Post, _ chronicle: Chronicle) {
        var store: LaneStore?
        var tokens: [LaneName: (token: LaneToken, epoch: UInt64)] = [:]
        let listener = try? RedisSubscriber(connector.endpoint, clientName: "holder") { _ in
            post.put { $0.looks = true }
        }
        defer { listener?.close() }
        func tell(_ report: LaneReport, epoch: UInt64) {
            chronicle.note(id, report, epoch: epoch)
            post.listener.withLock { $0 }?(report)
        }
        func lose(_ report: LaneReport) {
            tell(report, epoch: tokens.removeValue(forKey: report.lane)?.epoch ?? 0)
        }
        func release(_ lanes: [LaneName]) throws {
            let held = lanes.compactMap { lane in tokens[lane].map { (lane: lane, token: $0.token) } }
            for (pair, reply) in zip(held, try store?.release(held) ?? []) {
                lose(reply == .released ? .released(pair.lane) : .lost(pair.lane))
            }
        }
        while true {
            post.bell.wait(until: .now + .seconds(1))
            let mail = post.mail.withLock { mail in
                defer { mail = Mail() }
                return mail
            }
            if mail.end { return }
            do {
                if store?.isBroken ?? true { store = try connector.open(clientName: "holder") }
                var random = SystemRandomNumberGenerator()
                let requests = mail.grants.map {
                    TakeRequest(
                        lane: $0.lane, owner: id.text, assignment: $0.assignment, token: .random(using: &random))
                }
                for (request, reply) in zip(requests, try store?.take(requests) ?? []) {
                    guard case .taken(let taken) = reply else {
                        tell(.refused(request.lane), epoch: 0)
                        continue
                    }
                    tokens[request.lane] = (request.token, taken.epoch)
                    listener?.subscribe([channel(request.lane, connector)])
                    tell(.taken(request.lane), epoch: taken.epoch)
                }
                try release(mail.revocations)
                for look in try store?.look(tokens.keys.sorted()) ?? [] {
                    if look.owner != id.text {
                        lose(.lost(look.lane))
                    } else if let wanted = look.wantedBy, wanted != id.text {
                        try release([look.lane])
                    }
                }
            } catch {
                store = nil
                for grant in mail.grants { tell(.refused(grant.lane), epoch: 0) }
                for lane in tokens.keys.sorted() { lose(.lost(lane)) }
            }
        }
    }

    private static func channel(_ lane: LaneName, _ connector: LaneConnector) -> String {
        String(decoding: connector.keyspace.lane(lane).wakeChannel, as: UTF8.self)
    }
}
