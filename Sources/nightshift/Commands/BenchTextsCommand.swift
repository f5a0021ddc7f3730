import ArgumentParser
import Bench
import Conversations
import Foundation
import Settings

/// What the text rules cost.
struct BenchTextsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "texts", abstract: "Microseconds of the text rules and of a decision, a text.",
        discussion: """
            With every phrase that the configuration ships: normalising, telling the language, phrases, links and \
            verdict; beside it the whole decision about a further message that says the text. Then the same text ten and \
            a hundred times as long, and against 1,000 and 50,000 made-up phrases. One thread; medians.
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "Whose customer writes.") var account = "sandbox-us"
    @Option(help: "Calls of each.") var rounds = 20_000
    @Flag(help: "Print JSON lines.") var json = false

    private struct Row: Encodable {
        let name: String
        let characters: Int
        let rules_us: Double
        let decision_us: Double?
    }

    func run() async throws {
        let policy = try config.policy()
        guard let account = policy.accounts[account] else {
            throw Failure(expected: "an account of the configuration", came: "\"\(account)\"", at: "--account")
        }
        let bench = TextBench(policy: policy, account: account)
        let lines =
            try bench.shipped(rounds: rounds) + bench.lengths(rounds: rounds)
            + [1_000, 50_000].map { TextBench.phrases($0, rounds: rounds) }
        var table = TextTable("text", "characters", "rules µs", "decision µs")
        for line in lines {
            let row = Row(
                name: line.name, characters: line.characters, rules_us: BenchRounding.hundredths(line.rules),
                decision_us: line.decision.map(BenchRounding.hundredths))
            if json { try Output.json(row) }
            table.add(row.name, "\(row.characters)", "\(row.rules_us)", row.decision_us.map { "\($0)" } ?? "")
        }
        if !json { Output.line(table.text) }
    }
}
