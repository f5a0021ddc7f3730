package import Contracts
import Delivery
import Instants
import Lanes
import Redis
import SwiftProtobuf
import Synchronization

/// How long a lane stands still when it changes its owner as planned: a worker joins, and leaves by SIGTERM.
///
/// Real roles over a private Redis. Every lane gets an event each `every`, so that its result stream shows each pause: what
/// counts of a hand-over is the longest interval between two commits of the lane around the instant at which its owner
/// changed. The same is taken of lanes that stayed where they were, since it holds the spacing of the events and what
/// the machine does besides.
package struct HandoverRun {
    package struct Figures: Sendable {
        /// Longest intervals around the changes of owner, sorted.
        package var changed: [Duration] = []
        /// The same in the same windows for lanes that did not change.
        package var stayed: [Duration] = []
        package var events = 0

        package static func quantile(_ sorted: [Duration], _ share: Double) -> Duration? {
            sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
    }

    /// Somebody whose events enter a lane.
    package struct Writer: Sendable {
        let account: String
        let contact: String
        let lane: LaneName

        package init(account: String, contact: String, lane: LaneName) {
            self.account = account
            self.contact = contact
            self.lane = lane
        }
    }

    /// One change of owner, seen from outside; `at` by the lane clock.
    private struct Change {
        let lane: String
        let at: Int64
    }

    /// A window around a change: commits may be told up to a batch late, and owners are looked at every few milliseconds.
    private static let before: Int64 = 600
    private static let after: Int64 = 200
    private static let patience = Duration.seconds(60)

    private let site: DrillSite
    private let writers: [Writer]
    private let every: Duration
    private let rounds: Int

    /// - Parameters:
    ///   - site: with free ports for ingress, double and three workers.
    ///   - writers: one or more a lane.
    ///   - rounds: how often the third worker leaves and joins.
    package init(_ site: DrillSite, writers: [Writer], every: Duration, rounds: Int) {
        self.site = site
        self.writers = writers
        self.every = every
        self.rounds = rounds
    }

    package func play() async throws -> Figures {
        let ground = try DrillGround(site, .undisturbed(workers: 3))
        defer { ground.abandon() }
        try ground.servers?.start()
        let lanes = try site.publish(site.endpoint).lanes
        try ground.startRoles()
        try await KillDrill.waitUntilReady(
            ground, site, LaneEye(endpoint: site.endpoint, namespace: site.namespace, lanes: lanes))
        let keyspace = try Keyspace(namespace: site.namespace)
        let watch = OwnerWatch(site, lanes: Set(writers.map(\.lane.text)).sorted())
        let writing = Written()
        let producer = PlainThread(name: "writer") { [self] in write(keyspace, writing) }
        let observer = PlainThread(name: "owners") { watch.run() }
        defer {
            writing.stop()
            watch.stop()
            _ = producer.wait(atMost: .seconds(5))
            _ = observer.wait(atMost: .seconds(5))
        }
        for round in 1...rounds {
            try await watch.waitUntilStill(Self.patience)
            ground.workers[2].end(atMost: .seconds(30))
            try await watch.waitUntilStill(Self.patience)
            try ground.workers[2].start()
            try await watch.waitForChange(Self.patience)
            if round % 5 == 0 { site.note("  round \(round) of \(rounds): \(watch.changes.count) changes of owner") }
        }
        try await watch.waitUntilStill(Self.patience)
        // Every lane commits once more behind the last window, or has not come back to life.
        try await Task.sleep(for: .seconds(1))
        writing.stop()
        guard producer.wait(atMost: .seconds(10)) else { throw DrillFailure("expected the writer to end within 10 s") }
        if let failure = writing.failure { throw DrillFailure(failure) }
        return try figures(watch.changes.map { Change(lane: $0.lane, at: $0.at) }, events: writing.count)
    }

    /// One event a lane at each tick, from one of its writers in turn.
    private func write(_ keyspace: Keyspace, _ written: Written) {
        let appender = LaneAppender(connector: LaneConnector(endpoint: site.endpoint, keyspace: keyspace))
        defer { appender.stop() }
        let byLane = Dictionary(grouping: writers, by: \.lane).sorted { $0.key.text < $1.key.text }
        var tick = 0
        var due = ContinuousClock.now
        while !written.isOver {
            let now = site.laneClock
            var events: [LaneEvent] = []
            for (lane, people) in byLane {
                let writer = people[tick % people.count]
                var event = Event()
                event.id = "handover-\(lane.text)-\(tick)"
                event.account = writer.account
                event.contact = writer.contact
                event.happenedAt = now.milliseconds
                event.receivedAt = now.milliseconds
                event.reaction.emoji = "+"
                guard let bytes = try? event.serializedBytes() as [UInt8] else { continue }
                events.append(LaneEvent(lane: lane, id: event.id, bytes: bytes))
            }
            for case .refused(let refusal) in appender.appendBlocking(events) {
                written.fail("expected every event to be held, got \(refusal)")
            }
            written.add(events.count)
            tick += 1
            due += every
            if due > .now { pause(due - .now) } else { due = .now }
        }
    }

    private func figures(_ changes: [Change], events: Int) throws -> Figures {
        let connection = try RedisConnection(site.endpoint, clientName: "drill")
        var commits: [String: [Int64]] = [:]
        for lane in Set(writers.map(\.lane.text)).sorted() {
            commits[lane] = try instants(of: "\(site.namespace):{\(lane)}:results", connection)
        }
        var figures = Figures(events: events)
        let byLane = Dictionary(grouping: changes, by: \.lane)
        for change in changes {
            let instants = commits[change.lane] ?? []
            guard let last = instants.last, last >= change.at + Self.after else {
                throw DrillFailure("expected \(change.lane) to go on with its new owner, it committed nothing more")
            }
            guard let longest = Self.longest(instants, around: change.at) else { continue }
            figures.changed.append(.milliseconds(longest))
            for (lane, instants) in commits.sorted(by: { $0.key < $1.key }) {
                // One that changed within some seconds of this is no measure for those that stayed.
                let moved = byLane[lane, default: []].contains { abs($0.at - change.at) < 5_000 }
                guard !moved, let longest = Self.longest(instants, around: change.at) else { continue }
                figures.stayed.append(.milliseconds(longest))
            }
        }
        figures.changed.sort()
        figures.stayed.sort()
        return figures
    }

    /// The longest interval between two commits that touches the window; nil without commits on both sides of it.
    static func longest(_ instants: [Int64], around at: Int64) -> Int64? {
        let (from, upto) = (at - before, at + after)
        guard let first = instants.lastIndex(where: { $0 <= from }),
            let last = instants[first...].firstIndex(where: { $0 >= upto })
        else { return nil }
        return zip(instants[first..<last], instants[(first + 1)...]).map { $1 - $0 }.max()
    }

    private func instants(of stream: String, _ connection: RedisConnection) throws -> [Int64] {
        var instants: [Int64] = []
        var after = "-"
        while true {
            let page = try connection.call(RedisCommand("XRANGE", stream, after, "+", "COUNT", "2000")).array ?? []
            let ids = page.compactMap { $0.array?.first?.string.flatMap { EntryID($0) } }
            instants += ids.map { Int64(clamping: $0.milliseconds) }
            guard let last = ids.last, ids.count == 2_000 else { return instants }
            after = "(\(last)"
        }
    }
}

/// What the writer's thread did.
private final class Written: Sendable {
    private struct State {
        var isOver = false
        var count = 0
        var failure: String?
    }

    private let state = Mutex(State())

    var isOver: Bool { state.withLock { $0.isOver } }
    var count: Int { state.withLock { $0.count } }
    var failure: String? { state.withLock { $0.failure } }

    func stop() { state.withLock { $0.isOver = true } }
    func add(_ events: Int) { state.withLock { $0.count += events } }

    func fail(_ text: String) {
        state.withLock {
            $0.failure = $0.failure ?? text
            $0.isOver = true
        }
    }
}
