import Bench
import Channels
import Contracts
import Foundation

/// The sample day's table and the line about what was lost or decided twice.
struct SampleReport {
    let markets: [String: MarketTally]
    let reckoning: Reckoning
    let posted: Int
    let agentReplies: Int
    let took: Duration

    var text: String {
        var table = TextTable(
            "market", "events", "decided", "duplicates", "replies", "promises", "kept", "broken", "escalations",
            "p50 ms",
            "p99 ms")
        for (name, tally) in markets.sorted(by: { $0.key < $1.key }) {
            table.add(
                name, "\(tally.events)", "\(tally.decided)", "\(tally.duplicates)", "\(tally.replies)",
                "\(tally.promisesMade)", "\(tally.promisesKept)", "\(tally.promisesBroken)", "\(tally.escalations)",
                "\(tally.latency(0.5))", "\(tally.latency(0.99))")
        }
        return """

            \(table.text)

            \(posted) updates posted, \(agentReplies) replies of people, one day in \(took.components.seconds) s.
            lost: \(reckoning.lost)   decided twice: \(reckoning.decidedTwice)   out of order: \(reckoning.outOfOrder)   \
            second after-hours text: \(reckoning.secondAfterHours)   sent twice: \(reckoning.sentTwice)   \
            (\(reckoning.accepted) events accepted, \(reckoning.results) results, \(reckoning.firedTimers) timers fired, \
            \(reckoning.dead) dead letters)
            """
    }
}

/// The channel's own ledger: how often each action arrived.
enum LedgerCount {
    /// Reads a ledger of JSON lines; actions by their hex id.
    static func read(_ path: String) throws -> [String: Int] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(expected: "the sandbox's ledger", came: "no file", at: path)
        }
        var counts: [String: Int] = [:]
        for line in data.split(separator: 0x0A) {
            let entry = try JSONValue(parsing: Array(line))
            guard let mark = entry["metadata"]?.string.flatMap({ SendMark($0) }) else { continue }
            counts[mark.action.description, default: 0] += 1
        }
        return counts
    }
}
