import Contracts
import Conversations
import Instants
import Testing

@Suite("Who gets more, and questions under ads")
struct VIPTests {
    private static func scene(_ service: ServicePolicy) -> Scene {
        var policy = TestPolicy()
        policy.service = service
        policy.englishEvenings = "17:00-22:00"
        return Scene(policy.built())
    }

    @Test("a VIP's conversation is its own team's, whoever is there, and is shown as one")
    func queue() throws {
        var scene = Self.scene(
            ServicePolicy(handsOver: true, vip: VIPPolicy(contacts: ["anna"], team: "press", callsAfterHours: true)))
        try scene.take(.message("m", "hello?", at: .november(19, 10)), at: .november(19, 10))
        #expect(scene.openItems[.anna]?.team == "press")
        #expect(scene.openItems[.anna]?.vip == true)
        #expect(scene.tells(.escalation).isEmpty)
        try scene.advance(to: .november(19, 18))
        #expect(scene.tells(.handover).isEmpty)
        try scene.take(.message("n", "hello??", at: .november(19, 23)), at: .november(19, 23))
        #expect(scene.tells(.escalation).map(\.rule) == ["vip"])
        #expect(scene.tells(.escalation).map(\.team) == ["press"])
        var other = Event.message("o", "hello?", at: .november(19, 23))
        other.contact = "ben"
        try scene.take(other, at: .november(19, 23))
        #expect(scene.tells(.escalation).count == 1)
    }

    @Test("a VIP waits for less, named by the list or by a signal that the result records", arguments: [true, false])
    func target(bySignal: Bool) throws {
        let vip = VIPPolicy(
            contacts: bySignal ? [] : ["anna"], bySignal: bySignal, firstResponse: .seconds(600))
        var scene = Self.scene(ServicePolicy(firstResponse: .seconds(3_600), vip: vip))
        if bySignal {
            scene.signals = Signals(
                number: 1, values: ["vip/shop/anna": Signal(value: "press", at: 1, writer: "crm")])
        }
        let decision = try scene.take(.message("m", "hello?", at: .november(19, 10)), at: .november(19, 10))
        #expect(decision.result.signals.map(\.name) == (bySignal ? ["vip/shop/anna"] : []))
        try scene.advance(to: .november(19, 10, 9))
        #expect(scene.tells(.escalation).isEmpty)
        try scene.advance(to: .november(19, 10, 10))
        #expect(scene.tells(.escalation).map(\.rule) == ["first_response.missed"])
    }

    private static func adComment(_ text: String, at: Instant) -> Event {
        var event = Event.comment("c1", text, at: at)
        event.comment.ad = "ad7"
        return event
    }

    @Test(
        "edge case 45: a question under an ad has a shorter target while the ad runs",
        arguments: [
            ("is this real leather?", false, "ad_question.unanswered"),
            ("is this real leather?", true, "ad_question.paused"),
            ("nice one", false, ""),
        ])
    func adQuestion(text: String, stops: Bool, rule: String) throws {
        var scene = Self.scene(ServicePolicy(firstResponse: .seconds(7_200), adQuestion: .seconds(900)))
        let at = Instant.november(19, 10)
        try scene.take(Self.adComment(text, at: at), at: at)
        if stops {
            scene.signals = Signals(number: 1, values: ["ad/ad7": Signal(value: "paused", at: 1, writer: "sweep")])
        }
        try scene.advance(to: .november(19, 10, 30))
        #expect(scene.rules == ["in_hours"] + (rule.isEmpty ? [] : [rule]))
        #expect(scene.tells(.escalation).map(\.rule) == (rule == "ad_question.unanswered" ? [rule] : []))
        try scene.advance(to: .november(19, 13))
        #expect(scene.tells(.escalation).count == 1)
    }

    @Test("a question under an ad that was answered in time is told to nobody")
    func answeredAd() throws {
        var scene = Self.scene(ServicePolicy(adQuestion: .seconds(900)))
        let at = Instant.november(19, 10)
        try scene.take(Self.adComment("is this real leather?", at: at), at: at)
        let reply = try scene.take(
            .reply("r", "It is!", at: at + .seconds(60), in: .thread, comment: "c1"), at: at + .seconds(60))
        for action in reply.actions { try scene.settle(action) }
        try scene.advance(to: .november(19, 13))
        #expect(scene.tells(.escalation).isEmpty)
    }
}
