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
        repeat {
            for lane in lanes {
                try print(lane, after: &after[lane, default: .start], wanted, session)
            }
            // A follower looks twice a second; results are read in pages, so this bounds only its lag.
            if follow { try await Task.sleep(for: .milliseconds(500)) }
        } while follow
    }

    private func print(_ lane: LaneName, after: inout EntryID, _ wanted: EntityID?, _ session: Session) throws {
        while true {
            let page = try session.store.results(lane, after: after, most: 100)
            for stored in page {
                after = stored.entry
                for result in stored.batch.results where matches(result, wanted) {
                    let hash = stored.batch.policyHash.map { String(format: "%02x", $0) }.joined()
                    Output.line(
                        json ? DecisionJSON.value(of: result, policy: hash, lane: lane).text() : Self.line(result, lane)
                    )
                }
            }
            if page.count < 100 { return }
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
