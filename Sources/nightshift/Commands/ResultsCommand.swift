import ArgumentParser
import Channels
import Contracts
import Foundation
import Lanes

/// Follows what was decided.
struct ResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results", abstract: "Print the results of lanes, oldest first.",
        discussion: "With --json a line each, the objects of `decide` plus lane, entry and index.")

    @OptionGroup var redis: RedisOptions
    @Option(help: "Only this lane; may be repeated.") var lane: [String] = []
    @Option(help: "Only this conversation, such as m/<account>/<contact>.") var conversation: String?
    @Option(help: "Only this event id.") var event: String?
    @Flag(help: "Print JSON lines.") var json = false
    @Flag(help: "Go on as results come, until Ctrl-C.") var follow = false

    func run() async throws {
        let session = try Session(redis)
        let wanted = try conversation.map { try EntityID($0) }
        let lanes = try lane.isEmpty ? session.readableLanes() : lane.map { try LaneName($0) }
        var after: [LaneName: EntryID] = [:]
        for lane in lanes {
            try session.eachResult(of: lane) { stored in
                after[lane] = max(after[lane] ?? .start, stored.entry)
                show(stored, wanted)
            }
        }
        // A follower looks twice a second; results are read in pages, so this bounds only its lag.
        while follow {
            try await Task.sleep(for: .milliseconds(500))
            // A resize or a publication may have added some.
            for lane in lane.isEmpty ? try session.readableLanes() : lanes {
                try showNew(lane, after: &after[lane, default: .start], wanted, session)
            }
        }
    }

    /// What the stream got since. A batch from which a person was erased between two looks is shown by the next call.
    private func showNew(_ lane: LaneName, after: inout EntryID, _ wanted: EntityID?, _ session: Session) throws {
        while true {
            let page = try session.store.results(lane, after: after, most: 100)
            for stored in page {
                after = stored.entry
                show(stored, wanted)
            }
            if page.count < 100 { return }
        }
    }

    private func show(_ stored: StoredResults, _ wanted: EntityID?) {
        let hash = stored.batch.policyHash.map { String(format: "%02x", $0) }.joined()
        for result in stored.batch.results where matches(result, wanted) {
            Output.line(
                json
                    ? DecisionJSON.value(of: result, policy: hash, lane: stored.lane).text()
                    : Self.line(result, stored.lane))
        }
    }

    private func matches(_ result: DecisionResult, _ wanted: EntityID?) -> Bool {
        (wanted.map { result.conversation == $0.text } ?? true) && (event.map { result.event == $0 } ?? true)
    }

    private static func line(_ result: DecisionResult, _ lane: LaneName) -> String {
        let cause = result.timer.isEmpty ? result.event : "timer \(result.timer)"
        return
            "\(Session.text(result.now))  \(lane)  \(result.conversation)  \(cause)  \(result.verdict.word)  \(result.rule)"
    }
}
