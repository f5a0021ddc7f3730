import Contracts
import Conversations
import Instants
import Testing

@Suite("A contact whom nothing reaches")
struct UnreachableTests {
    private static func settle(_ scene: inout Scene, _ action: Action, _ id: String, at: Instant) throws {
        var event = Event.of(id, at: at, contact: "")
        event.conversation = action.conversation
        event.outcome.action = action.actionID.description
        event.outcome.status = .failed
        event.outcome.error = "http 400 code 551: This person isn't available right now."
        event.outcome.unreachable = true
        try scene.take(event, at: at)
    }

    @Test("what was promised is a person's task at once, with the reason, and nothing automatic is said")
    func promised() throws {
        var policy = TestPolicy()
        policy.service = ServicePolicy(quietResolve: .seconds(3_600), asksSatisfaction: true)
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.settle(try #require(scene.texts().first), at: .november(19, 20, 1))
        try scene.take(.reply("r1", "Hi", at: .november(19, 21)), at: .november(19, 21))
        let reply = try #require(scene.texts().last)
        try Self.settle(&scene, reply, "o1", at: .november(19, 21, 1))
        #expect(scene.rules.last == "outcome.unreachable")
        #expect(scene.standings() == [.binding])
        #expect(
            scene.tells(.escalation).map(\.rule).contains { $0 == "outcome.unreachable" || $0 == "promise.pre_breach" })
        #expect(scene.openItems[.anna]?.reason == "outcome.unreachable")
        let said = scene.texts().count
        try scene.advance(to: .november(25, 10))
        #expect(scene.texts().count == said)
    }

    @Test("an automatic text that reaches nobody stops the others; the customer's next words end it")
    func ended() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        let answer = try #require(scene.texts().first)
        try Self.settle(&scene, answer, "o1", at: .november(19, 10, 1))
        #expect(scene.talk().unreachable)
        #expect(scene.openItems[.anna]?.reason == "outcome.unreachable")
        try scene.take(.message("m2", "what size?", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        #expect(!scene.talk().unreachable)
        #expect(scene.rules.last == "faq.size")
        #expect(scene.texts().count == 2)
    }

    @Test("words that are older than what is known of the customer end nothing")
    func older() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much?", at: .november(19, 20)), at: .november(19, 20))
        try Self.settle(&scene, try #require(scene.texts().first), "o1", at: .november(19, 20, 1))
        try scene.take(
            .message("m0", "hello?", at: .november(19, 19, 59)).received(at: .november(19, 20, 2)),
            at: .november(19, 20, 2))
        #expect(scene.talk().unreachable)
        #expect(scene.texts().count == 1)
    }

    @Test("a plain failure leaves automation on")
    func plain() throws {
        var scene = Scene()
        try scene.take(.message("m1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        try scene.settle(try #require(scene.texts().first), .failed)
        #expect(!scene.talk().unreachable && scene.rules.last == "outcome.failed")
    }
}
