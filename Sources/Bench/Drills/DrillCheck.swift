import Contracts
private import Foundation
import Redis
private import Sandbox

/// What the independent checker found after a drill: from the input file, Redis and the channel's ledger alone.
struct DrillCheck {
    var reckoning = Reckoning()
    /// Messages of one conversation that were decided in another order than they were accepted in.
    var overtaken = 0
    var examples: [String] = []
    var calls = 0
    /// What a platform that misbehaves saw of us; nil in other drills.
    var platform: PlatformCheck?

    var isClean: Bool {
        reckoning.isClean && overtaken == 0 && reckoning.openActions == 0 && platform?.isClean != false
    }

    /// - Parameters:
    ///   - input: path of the file with a line for each accepted event, `<account>/<id>`.
    ///   - ledger: path of the channel's JSON lines.
    ///   - trouble: of a drill of the platform, whose ledger is held against its rules too.
    init(
        redis: RedisEndpoint, namespace: String, input: String, ledger: String, platform trouble: PlatformTrouble?
    ) throws {
        let connection = try RedisConnection(redis, clientName: "checker")
        let accepted = try String(contentsOfFile: input, encoding: .utf8).split(separator: "\n").map(String.init)
        let place = Dictionary(zip(accepted, accepted.indices)) { first, _ in first }
        var tally = Reckoning.Tally()
        var order: [String: Int] = [:]
        for lane in try LaneRecord.lanes(on: connection, namespace: namespace) {
            let record = try LaneRecord(lane: lane, namespace: namespace, connection: connection)
            reckoning.add(record, to: &tally)
            countOvertaken(record, place)
            guard trouble != nil else { continue }
            for action in record.results.flatMap(\.result.actionIDs) { order[action.description] = order.count }
        }
        let sent = try Self.ledger(ledger)
        calls = sent.values.reduce(0, +)
        reckoning.finish(accepted: accepted, ledger: sent, tally: tally)
        examples += reckoning.examples
        if let trouble {
            let found = try PlatformCheck(
                ledger: ledger, order: order, ambiguous: tally.ambiguous, failed: tally.failed,
                span: trouble.sends?.per ?? .seconds(1))
            examples += found.examples
            platform = found
        }
    }

    /// Whoever sent them wrote the input file as each was answered 200, and for one conversation that was one sender.
    private mutating func countOvertaken(_ record: LaneRecord, _ accepted: [String: Int]) {
        var newest: [String: (place: Int, event: String)] = [:]
        for logged in record.results where logged.result.timer.isEmpty && logged.result.verdict == .decided {
            let parts = logged.result.conversation.split(separator: "/")
            guard parts.count == 3, parts[0] == "m",
                let place = accepted[Reckoning.Tally.key(String(parts[1]), logged.result.event)]
            else { continue }
            let before = newest[logged.result.conversation]
            if let before, place < before.place {
                overtaken += 1
                if examples.count < 20 { examples.append("overtaken: \(logged.result.event) after \(before.event)") }
            } else {
                newest[logged.result.conversation] = (place, logged.result.event)
            }
        }
    }

    /// How often each action reached the channel: the ledger's marks `ns1:<lane>:<action>`.
    private static func ledger(_ path: String) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try Data(contentsOf: URL(filePath: path)).split(separator: 0x0A) {
            let fields = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            let mark = (fields?["metadata"] as? String ?? "").split(separator: ":")
            if mark.count >= 3 { counts[String(mark[2]), default: 0] += 1 }
        }
        return counts
    }
}
