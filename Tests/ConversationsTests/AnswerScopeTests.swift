import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing
import TextRules

@Suite("Where and when a frequent question is answered")
struct AnswerScopeTests {
    private static let noon = Instant.november(19, 12)

    /// The texts that one comment or message gets under these rules.
    private func texts(
        _ answers: [AnswerRule], _ event: Event, at: Instant = noon, campaigns: [Campaign] = []
    ) throws -> (texts: [String], abstained: String) {
        var policy = TestPolicy()
        policy.answers = answers
        policy.campaigns = campaigns
        var scene = Scene(policy.built())
        let decision = try scene.take(event, at: at)
        return (scene.actions.filter { !$0.text.isEmpty }.map(\.text), decision.result.abstained)
    }

    private func price(_ name: String, _ fact: String, _ scope: AnswerScope = AnswerScope()) -> AnswerRule {
        AnswerRule(rule: "faq.\(name)", intent: .price, scope: scope, facts: ["en": fact])
    }

    private func comment(under post: String, original: String = "", ad: String = "") -> Event {
        var event = Event.comment("c1", "how much?", at: Self.noon)
        event.comment.post = post
        event.comment.originalPost = original
        event.comment.ad = ad
        return event
    }

    @Test("a rule for a post answers under that post, also under its ad, and nowhere else")
    func posts() throws {
        let rules = [price("price", "10", AnswerScope(posts: ["p1"]))]
        #expect(try texts(rules, comment(under: "p1")).texts.count == 1)
        #expect(try texts(rules, comment(under: "boosted", original: "p1")).texts.count == 1)
        #expect(try texts(rules, comment(under: "p1", original: "o")).texts.count == 1)
        let elsewhere = try texts(rules, comment(under: "p2"))
        #expect(elsewhere.texts.isEmpty)
        #expect(elsewhere.abstained == "price: not here, or not today")
        #expect(try texts(rules, .message("m", "how much?", at: Self.noon)).texts.isEmpty)
    }

    @Test("the narrowest rule wins: post, then campaign, then days, then everywhere, whatever their names")
    func narrowest() throws {
        let everywhere = price("a", "1")
        let dated = price("b", "2", AnswerScope(from: CivilDate(year: 2026, month: 11, day: 19)))
        let campaign = price("c", "3", AnswerScope(campaigns: ["sale"]))
        let post = price("d", "4", AnswerScope(posts: ["p1"]))
        let campaigns = [Campaign(name: "sale", posts: ["p1", "p3"], ads: ["a9"])]
        func fact(_ rules: [AnswerRule], _ event: Event) throws -> String {
            try texts(rules, event, campaigns: campaigns).texts.joined().filter(\.isNumber)
        }
        let all = [everywhere, dated, campaign, post]
        for rules in [all, all.reversed()] {
            #expect(try fact(rules, comment(under: "p1")) == "4")
            #expect(try fact(rules, comment(under: "p2", ad: "a9")) == "3")
            #expect(try fact(rules, comment(under: "p2")) == "2")
        }
        #expect(try fact([everywhere, campaign], comment(under: "p2")) == "1")
    }

    @Test("all conditions of a rule must hold")
    func conjunction() throws {
        let rule = price("price", "10", AnswerScope(posts: ["p1"], campaigns: ["sale"]))
        let sale = [Campaign(name: "sale", posts: [], ads: ["a9"])]
        #expect(try texts([rule], comment(under: "p1", ad: "a9"), campaigns: sale).texts.count == 1)
        #expect(try texts([rule], comment(under: "p1"), campaigns: sale).texts.isEmpty)
        #expect(try texts([rule], comment(under: "p2", ad: "a9"), campaigns: sale).texts.isEmpty)
    }

    @Test(
        "days count on the market's clock, by the lane's, first and last included",
        arguments: [
            (Instant.november(17, 23, 59), 0), (Instant.november(18, 0), 1), (Instant.november(19, 23, 59), 1),
            (Instant.november(20, 0), 0),
        ])
    func days(at: Instant, answers: Int) throws {
        let scope = AnswerScope(
            from: CivilDate(year: 2026, month: 11, day: 18), until: CivilDate(year: 2026, month: 11, day: 19))
        let event = Event.message("m", "how much?", at: at)
        let given = try texts([price("price", "10", scope)], event, at: at).texts
        #expect(given.filter { $0.contains("10") && !$0.contains("automatic") }.count == answers)
    }

    @Test("an ad that brought the customer tells the campaign for a day")
    func referral() throws {
        var policy = TestPolicy()
        policy.answers = [price("price", "10", AnswerScope(campaigns: ["sale"]))]
        policy.campaigns = [Campaign(name: "sale", ads: ["a9"])]
        for (later, count) in [(3_600, 1), (90_000, 0)] {
            var scene = Scene(policy.built())
            try scene.take(.of("ref", at: .november(18, 10)) { $0.postback.ad = "a9" }, at: .november(18, 10))
            let at = Instant.november(18, 10) + .seconds(later)
            try scene.take(.message("m", "how much?", at: at), at: at)
            #expect(scene.texts().filter { $0.rule == "faq.price" }.count == count)
        }
    }

    @Test("a button asks its question wherever it stands, on the days of its rule")
    func buttons() throws {
        let scope = AnswerScope(posts: ["p1"], until: CivilDate(year: 2026, month: 11, day: 19))
        var policy = TestPolicy()
        policy.answers = [
            AnswerRule(rule: "faq.price", scope: scope, facts: ["en": "10"], payloads: ["PRICE"])
        ]
        for (day, rule) in [(19, "faq.price"), (20, "in_hours")] {
            var scene = Scene(policy.built())
            let at = Instant.november(day, 10)
            try scene.take(.of("p", at: at) { $0.postback.payload = "PRICE" }, at: at)
            #expect(scene.rules == [rule])
        }
    }

    @Test("of ten thousand rules for single posts the right one is found, by look-up and not by looking through them")
    func indexed() throws {
        var policy = TestPolicy()
        policy.answers = (0..<10_000).map { price("p\($0)", "\($0)", AnswerScope(posts: ["post\($0)"])) }
        var scene = Scene(policy.built())
        for number in 0..<500 {
            var event = Event.comment("c\(number)", "how much?", at: Self.noon)
            event.comment.post = "post\(number * 19)"
            try scene.take(event, at: Self.noon)
        }
        #expect(scene.rules == (0..<500).map { "faq.p\($0 * 19)" })
    }
}
