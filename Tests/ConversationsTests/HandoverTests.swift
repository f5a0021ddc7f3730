import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Routing that follows the sun")
struct HandoverTests {
    private static let atBerlin = EntityID.matter(team: "berlin", conversation: .anna)
    private static let atEvenings = EntityID.matter(team: "evenings", conversation: .anna)

    /// Berlin from nine to five in English and Finnish, another team from five to ten in English.
    private static func scene(_ service: ServicePolicy = ServicePolicy(handsOver: true)) -> Scene {
        var policy = TestPolicy()
        policy.englishEvenings = "17:00-22:00"
        policy.service = service
        return Scene(policy.built())
    }

    /// Puts what was told to desks into their lanes.
    private static func deliverTells(_ scene: inout Scene, since made: Int, at: Instant) throws {
        for action in scene.decisions[made...].flatMap(\.actions) where action.kind == .tell {
            try scene.take(action.event, at: at)
        }
    }

    @Test("an escalation goes to the desk of a team that is there and speaks the language, else to the market's own")
    func escalation() throws {
        for (hour, desk) in [(10, "berlin"), (20, "evenings"), (23, "berlin")] {
            var scene = Self.scene(ServicePolicy())
            let at = Instant.november(19, hour)
            try scene.take(.message("m", "I will burn your shop down", at: at), at: at)
            let tell = try #require(scene.tells(.escalation).first)
            #expect(tell.team == desk)
            #expect(try EntityID.of(tell.event) == .matter(team: desk, conversation: .anna))
            #expect(scene.decisions.last?.result.team == (desk == "berlin" ? "" : desk))
            #expect(scene.openItems[.anna]?.team == (desk == "berlin" ? "" : desk))
        }
    }

    @Test(
        "a matter of a team that has gone calls one that is there and can answer, else who is on call",
        arguments: [
            ("en", 20, "evenings"), ("fi", 20, "night"), ("en", 23, "night"), ("en", 10, "berlin"),
        ])
    func calls(language: String, hour: Int, called: String) throws {
        var scene = Self.scene()
        let at = Instant.november(19, hour)
        let decision = try scene.take(
            .of("t", at: at, in: Self.atBerlin) {
                $0.told = Told.with {
                    $0.origin = EntityID.anna.text
                    $0.decisions = 3
                    $0.matter = .escalation
                    $0.rule = "promise.pre_breach"
                    $0.market = "de"
                    $0.language = language
                    $0.channel = "meta"
                }
            }, at: at)
        #expect(decision.actions.map(\.contact) == [called])
        #expect(decision.result.called == called)
        #expect(Explanation.sentence(for: decision.result).contains("\(called) was called"))
    }

    @Test("edge case 34: what is open passes at the boundary, and calls the new team until a person acknowledges")
    func passes() throws {
        var scene = Self.scene()
        try scene.take(.message("m", "hello?", at: .november(19, 16, 30)), at: .november(19, 16, 30))
        #expect(scene.rules == ["in_hours"])
        try scene.advance(to: .november(19, 17))
        #expect(scene.rules.last == "handover")
        #expect(scene.tells(.handover).map(\.team) == ["evenings"])
        #expect(scene.openItems[.anna]?.team == "evenings")
        try Self.deliverTells(&scene, since: 0, at: .november(19, 17))
        #expect(scene.texts(.notify).map(\.contact) == ["evenings"])
        // Nobody says so: who is on call hears of it.
        try scene.advance(to: .november(19, 17, 16))
        #expect(scene.texts(.notify).map(\.contact) == ["evenings", "late"])
        #expect(scene.states[Self.atEvenings]?.matter.standing == .notified)
    }

    @Test("edge case 34: a claim or a delivered reply acknowledges what was handed over", arguments: [true, false])
    func acknowledged(byReply: Bool) throws {
        var scene = Self.scene()
        try scene.take(.message("m", "hello?", at: .november(19, 16, 30)), at: .november(19, 16, 30))
        try scene.advance(to: .november(19, 17))
        try Self.deliverTells(&scene, since: 0, at: .november(19, 17))
        let made = scene.decisions.count
        let at = Instant.november(19, 17, 5)
        if byReply {
            let reply = try scene.take(.reply("r", "Hi!", at: at), at: at)
            for action in reply.actions where action.kind == .send { try scene.settle(action) }
        } else {
            try scene.take(.of("c", at: at) { $0.claim.agent = "kim" }, at: at)
        }
        try Self.deliverTells(&scene, since: made, at: at)
        try scene.advance(to: .november(19, 19))
        #expect(scene.texts(.notify).map(\.contact) == ["evenings"])
        #expect(scene.states[Self.atEvenings]?.matter.standing == (byReply ? .closed : .acknowledged))
    }

    @Test("nobody takes over at night: the conversation waits for the team that comes, and the old desk's matter ends")
    func overnight() throws {
        var scene = Self.scene()
        try scene.take(.message("m", "I will burn your shop down", at: .november(19, 21)), at: .november(19, 21))
        try scene.advance(to: .november(19, 22))
        #expect(scene.rules.last == "handover.nobody")
        try scene.advance(to: .november(20, 9))
        #expect(scene.rules.last == "handover")
        #expect(scene.tells(.closed).map(\.team) == ["evenings"])
        #expect(scene.tells(.handover).map(\.team) == ["berlin"])
        #expect(scene.openItems[.anna]?.team == "")
    }

    @Test("a person who wrote a moment ago keeps the conversation, and what is answered passes to nobody")
    func stays() throws {
        var scene = Self.scene()
        try scene.take(.message("m", "hello?", at: .november(19, 16)), at: .november(19, 16))
        for action in try scene.take(.reply("r", "Hi!", at: .november(19, 16, 50)), at: .november(19, 16, 50)).actions {
            try scene.settle(action)
        }
        try scene.take(.message("n", "and now?", at: .november(19, 16, 52)), at: .november(19, 16, 52))
        try scene.advance(to: .november(19, 17, 1))
        #expect(scene.rules.last == "handover.person_active")
        try scene.advance(to: .november(19, 17, 6))
        #expect(scene.rules.last == "handover")
        var answered = Self.scene()
        try answered.take(.message("m", "hello?", at: .november(19, 16)), at: .november(19, 16))
        for action in try answered.take(.reply("r", "Hi!", at: .november(19, 16, 5)), at: .november(19, 16, 5)).actions
        {
            try answered.settle(action)
        }
        try answered.advance(to: .november(20, 12))
        #expect(answered.tells(.handover).isEmpty)
        #expect(!answered.rules.contains { $0.hasPrefix("handover") })
    }

    @Test("a market that does not ask for it hands nothing over, and one team has nobody to hand over to")
    func off() throws {
        var scene = Self.scene(ServicePolicy())
        try scene.take(.message("m", "hello?", at: .november(19, 16, 30)), at: .november(19, 16, 30))
        try scene.advance(to: .november(20, 12))
        #expect(scene.rules == ["in_hours"])
    }

    @Test("a text after hours says whose hours counted")
    func servedBy() throws {
        var scene = Self.scene()
        let decision = try scene.take(.message("m", "hello?", at: .november(19, 23)), at: .november(19, 23))
        #expect(decision.result.servedBy == ["berlin", "evenings"])
        #expect(Explanation.sentence(for: decision.result).contains("by the hours of berlin, evenings"))
    }
}
