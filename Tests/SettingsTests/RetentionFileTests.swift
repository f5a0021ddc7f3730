import Conversations
import Testing

@testable import Settings

@Suite("What retention.yaml says")
struct RetentionFileTests {
    private func check(_ text: String) throws -> ConfigCheck {
        ConfigCheck(try SmallConfig(more: ["retention.yaml": text]).files())
    }

    @Test("all of it is read; what is missing keeps its figure, and states stay for ever unless it says otherwise")
    func read() throws {
        let all = try #require(
            try check("logs: 14d\nlog_mib: 64\nresults: 90d\ndead_letters: 40d\nstates: 365d\n").config
        ).keep
        #expect(
            all
                == KeepPolicy(
                    logs: .seconds(14 * 86_400), mostLogBytes: 64 << 20, results: .seconds(90 * 86_400),
                    deadLetters: .seconds(40 * 86_400), states: .seconds(365 * 86_400)))
        #expect(try #require(try check("logs: 1d\n").config).keep == KeepPolicy(logs: .seconds(86_400)))
        #expect(try #require(ConfigCheck(try SmallConfig().files()).config).keep == KeepPolicy())
    }

    @Test(
        "what is too short, unknown or no length of time is named with its place",
        arguments: [
            ("logs: 12h\n", "at least 1d"), ("states: 29d\n", "at least 30d"), ("log_mib: 0\n", "mebibytes"),
            ("logs: 60d\nstates: 40d\n", "at least as long as"), ("state: 60d\n", "states"),
            ("results: soon\n", "length of time"),
        ])
    func faults(text: String, expected: String) throws {
        let faults = try check(text).faults
        #expect(faults.contains { $0.file == "retention.yaml" && $0.description.contains(expected) }, "\(faults)")
    }
}
