import ArgumentParser
import Channels
import Contracts
import Conversations
import Foundation
import Lanes
import Settings
import SwiftProtobuf

/// Proves determinism: decides again what lanes decided.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Decide a lane's log again and compare every result byte for byte.",
        discussion:
            "Needs logs that reach back to the first event; lanes of resized partitions are decided together. Exit code 0 only if every result is the same."
    )

    @OptionGroup var redis: RedisOptions
    @Option(help: "Only this lane; may be repeated.") var lane: [String] = []
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let session = try Session(redis)
        var policies = PolicyHistory(session)
        var same = 0
        var erased = 0
        var faults: [String] = []
        let named = Set(try lane.map { try LaneName($0) })
        for group in try session.groups(named) {
            var events = try LoggedEvents(session, of: group)
            var replay = Replay()
            try session.eachResult(of: group) { stored in
                let policy = try policies.policy(stored.batch)
                let lane = stored.lane
                for result in stored.batch.results {
                    let comparison = replay.step(
                        result, event: try events.event(of: result, in: lane), policy: policy)
                    guard named.isEmpty || named.contains(lane) else { continue }
                    switch comparison {
                    case .same: same += 1
                    case .erased: erased += 1
                    case .differs(let recorded, let now):
                        faults.append("\(lane) \(result.place): recorded \(recorded.rule), now \(now.rule)")
                    case .impossible(let reason): faults.append("\(lane) \(result.place): \(reason)")
                    }
                }
            }
        }
        for fault in faults.prefix(20) { Output.note(fault) }
        if json {
            Output.line(
                ([
                    "same": .integer(Int64(same)), "different": .integer(Int64(faults.count)),
                    "erased": .integer(Int64(erased)),
                ] as JSONValue).text())
        } else {
            Output.line("\(same) results are the same to the byte, \(faults.count) differ")
            if erased > 0 {
                Output.line("\(erased) cannot be decided again, since of them or above them something was erased")
            }
        }
        if !faults.isEmpty { throw ExitCode(1) }
    }
}

/// The policies that results name, compiled once each.
struct PolicyHistory {
    private let session: Session
    private var known: [UInt64: Policy] = [:]

    init(_ session: Session) {
        self.session = session
    }

    mutating func policy(_ batch: ResultBatch) throws -> Policy {
        if let policy = known[batch.policy] { return policy }
        let policy = try session.policy(number: batch.policy)
        guard policy.hash == Array(batch.policyHash) else {
            throw Failure(
                "policy \(batch.policy): expected the hash of the results, got another; it was published anew")
        }
        known[batch.policy] = policy
        return policy
    }
}

extension Session {
    func policy(number: UInt64) throws -> Policy {
        let policies = try PolicyStore(connector, clientName: "cli")
        guard let stored = try policies.load(number) else {
            throw Failure("policy \(number): expected it among the last 32, found it gone")
        }
        return try Policy.build(try PolicyBundle(canonical: stored.bytes), number: number)
    }

    /// Every event of a lane's log by position, with those that outlived their entries.
    func events(of lane: LaneName) throws -> [Position: Event] {
        var events = try store.kept(lane).events.compactMapValues { try? Event(serializedBytes: $0) }
        var after = EntryID.start
        while true {
            let page = try store.log(lane, after: after, most: 100)
            for entry in page {
                after = entry.id
                for (index, range) in try EventFraming.ranges(of: entry.body).enumerated() {
                    events[Position(entry: entry.id, index: index)] = try? Event(
                        serializedBytes: Array(entry.body[range]))
                }
            }
            if page.count < 100 { return events }
        }
    }
}

extension DecisionResult {
    var place: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }
}
