import Conversations
import Replies
import Testing

@testable import Settings

@Suite("Disclosure in the configuration")
struct DisclosureFileTests {
    @Test("a market says where and how often it is said; without a word it is said in messages")
    func read() throws {
        var config = SmallConfig()
        #expect(try config.check().config?.markets.first?.disclosure.messages == true)
        config.market = "disclosure: {messages: false, comments: true, again_after: 2h}\n"
        let check = try config.check()
        #expect(check.faults.map(\.description) == [])
        let disclosure = try #require(check.config?.markets.first?.disclosure)
        #expect(!disclosure.messages && disclosure.comments && disclosure.again == .seconds(7_200))
        config.market = "disclosure: {message: false}\n"
        #expect(
            try config.faults() == [
                "markets/de.yaml:8:14: expected a key of disclosure: messages, comments, again_after, got \"message\"; "
                    + "did you mean messages?"
            ])
    }

    @Test("a language without a line that discloses, or with one that does not, is at fault")
    func lines() throws {
        var config = SmallConfig()
        let shipped = try ShippedConfig.text("languages/en/templates.yaml")
        let lines = try #require(shipped.firstRange(of: "  disclosure:\n"))
        config.more["languages/en/templates.yaml"] =
            shipped[..<lines.lowerBound] + "  disclosure:\n    - \"Hello.\"\n    - \"An automatic answer.\"\n"
        #expect(
            try config.faults().first?.contains("expected one of the words that disclose automation") == true)
        config.more["languages/en/templates.yaml"] = String(shipped[..<lines.lowerBound])
        #expect(try config.faults().contains { $0.contains("expected texts for disclosure, got none") })
    }
}
