import Contracts
private import Foundation
import Redis

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
    ///   - isOfPlatform: the ledger is held against the platform's rules too.
    init(redis: RedisEndpoint, namespace: String, input: String, ledger: String, isOfPlatform: Bool) throws {
        let connection = try RedisConnection(redis, clientName: "checker")
        var tally = Reckoning.Tally()
        var order: [String: Int] = [:]
        for lane in try LaneRecord.lanes(on: connection, namespace: namespace) {
            let record = try LaneRecord(lane: lane, namespace: namespace, connection: connection)
            reckoning.add(record, to: &tally)
            countOvertaken(record)
            guard isOfPlatform else { continue }
            for action in record.results.flatMap(\.result.actionIDs) { order[action.description] = order.count }
        }
        let accepted = try String(contentsOfFile: input, encoding: .utf8).split(separator: "\n").map(String.init)
        let sent = try Self.ledger(ledger)
        calls = sent.values.reduce(0, +)
        reckoning.finish(accepted: accepted, ledger: sent, tally: tally)
        examples += reckoning.examples
        if isOfPlatform {
            let found = try PlatformCheck(ledger: ledger, order: order)
            examples += found.examples
            platform = found
        }
    }

    /// The drill's ids end with the number of the message in its conversation, and one sender sent them one by one.
    private mutating func countOvertaken(_ record: LaneRecord) {
        var newest: [String: Int] = [:]
        for logged in record.results where logged.result.timer.isEmpty && logged.result.verdict == .decided {
            let parts = logged.result.event.split(separator: "-")
            guard parts.count == 3, parts[0] == "dm:drill", let round = Int(parts[2]) else { continue }
            if let before = newest[logged.result.conversation], round < before {
                overtaken += 1
                if examples.count < 20 { examples.append("overtaken: \(logged.result.event) after message \(before)") }
            }
            newest[logged.result.conversation] = max(newest[logged.result.conversation] ?? 0, round)
        }
    }

    /// How often each action reached the channel: the ledger's marks `ns1:<lane>:<action>`.
    private static func ledger(_ path: String) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try Data(contentsOf: URL(filePath: path)).split(separator: 0x0A) {
            let fields = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            let mark = (fields?["metadata"] as? String ?? "").split(separator: ":")
            if mark.count == 3 { counts[String(mark[2]), default: 0] += 1 }
        }
        return counts
    }
}
