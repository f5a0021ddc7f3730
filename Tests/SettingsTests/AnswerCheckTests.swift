import Conversations
import Instants
import Testing
import TextRules

@testable import Settings

@Suite("Rules of frequent questions in the configuration")
struct AnswerCheckTests {
    private static func config(_ rules: String, market: String = "") -> SmallConfig {
        var config = SmallConfig()
        config.rules += rules
        config.faq = market + config.faq
        config.more["rules/campaigns.yaml"] = "sale: {ads: [\"7\"]}"
        return config
    }

    @Test("scope, days and campaigns of a rule reach the policy")
    func read() throws {
        let check = try Self.config(
            """
            summer:
              intent: price
              posts: ["1_2", "3"]
              campaigns: [sale]
              from: 2026-06-01
              until: 2026-06-30

            """, market: "  - {rule: summer, facts: {en: \"from $9.\"}}\n"
        ).check()
        #expect(check.faults.map(\.description) == [])
        let rule = try #require(check.config?.markets.first?.answers["faq.summer"])
        #expect(
            rule.scope
                == AnswerScope(
                    posts: ["1_2", "3"], campaigns: ["sale"],
                    from: CivilDate(year: 2026, month: 6, day: 1), until: CivilDate(year: 2026, month: 6, day: 30)))
    }

    @Test(
        "what cannot hold is named at its place",
        arguments: [
            (
                "x: {intent: price, posts: []}\n",
                "rules/faq.yaml:4:27: expected a list of at least one id of posts, got an empty list"
            ),
            (
                "x: {intent: price, campaigns: [sal]}\n",
                "rules/faq.yaml:4:32: expected the name of a campaign of rules/campaigns.yaml, got \"sal\"; did you mean sale?"
            ),
            (
                "x: {intent: price, from: 2026-06-02, until: 2026-06-01}\n",
                "rules/faq.yaml:4:45: expected a last day that is not before the first, got \"2026-06-01\""
            ),
        ])
    func broken(rules: String, fault: String) throws {
        #expect(try Self.config(rules).faults() == [fault])
    }

    @Test("two answers to one question in one place on one day contradict each other; other places or days do not")
    func contradictions() throws {
        let both = "  - {rule: x, facts: {en: \"5.\"}}\n"
        #expect(try Self.config("x: {intent: price, campaigns: [sale]}\n", market: both).faults() == [])
        #expect(try Self.config("x: {intent: price, from: 2026-06-01}\n", market: both).faults() == [])
        #expect(
            try Self.config("x: {intent: price}\n", market: both).faults() == [
                "markets/de.yaml:10:12: expected another scope or other days than those of x, "
                    + "which answers the same question, got \"price\""
            ])
        let three = both + "  - {rule: y, facts: {en: \"6.\"}}\n"
        let june = "x: {intent: price, until: 2026-06-30}\n"
        #expect(try Self.config(june + "y: {intent: price, from: 2026-07-01}\n", market: three).faults() == [])
        #expect(try Self.config(june + "y: {intent: price, from: 2026-06-30}\n", market: three).faults().count == 1)
        let twice = "  - {rule: price, facts: {en: \"5.\"}}\n"
        #expect(try Self.config("", market: twice).faults().count == 1)
    }

    @Test("two buttons with one payload contradict each other")
    func payloads() throws {
        let market =
            "  - {rule: x, facts: {en: \"5.\"}, payloads: [P]}\n  - {rule: stock, facts: {en: \"6.\"}, payloads: [P]}\n"
        #expect(
            try Self.config("x: {intent: size}\n", market: market).faults() == [
                "markets/de.yaml:10:12: expected a payload that no other answer has, got \"P\""
            ])
    }
}
