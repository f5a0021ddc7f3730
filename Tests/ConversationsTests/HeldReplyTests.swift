import Contracts
import Conversations
import Instants
import Testing

@Suite("A reply that was written in time and does not get through")
struct HeldReplyTests {
    private static let due = Instant.november(20, 10)
    private static let matter = EntityID.matter(team: "berlin", conversation: .anna)

    /// Anna wrote on Thursday evening and was promised Friday at ten; a person replied then.
    private static func replied(at instant: Instant) throws -> (Scene, Action) {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.settle(try #require(scene.texts().first))
        try scene.take(.reply("r1", "Good morning", at: instant), at: instant)
        return (scene, try #require(scene.texts().last))
    }

    @Test(
        "a quarter of an hour past the promise the desk is called, once, and told why; delivered hours later it is kept",
        arguments: [Instant.november(20, 9, 10), .november(20, 9, 50)])
    func paused(writtenAt: Instant) throws {
        var (scene, reply) = try Self.replied(at: writtenAt)
        let before = scene.tells(.escalation).count
        #expect(
            before == (writtenAt < .november(20, 9, 30) ? 0 : 1), "the call before it breaks comes at half past nine")
        try scene.advance(to: .november(20, 10, 14))
        #expect(scene.rules.last == "promise.held" && scene.tells(.escalation).count == before)
        try scene.advance(to: .november(20, 15))
        #expect(scene.rules.contains("promise.undelivered"))
        let calls = scene.tells(.escalation).dropFirst(before)
        #expect(calls.map(\.decidedAt) == [Instant.november(20, 10, 15).milliseconds])
        let told = try #require(calls.first?.event.told)
        #expect(told.rule == "promise.undelivered" && told.dueAt == Self.due.milliseconds)
        #expect(told.facts.contains("\(writtenAt)") && told.facts.contains("account shop is paused"))
        #expect(scene.standings() == [.binding] && scene.tells(.brokenPromise).isEmpty)
        #expect(scene.openItems[.anna]?.escalated == true)

        try scene.settle(reply, at: .november(20, 15))
        #expect(scene.standings() == [.kept] && scene.openItems[.anna] == nil)
        #expect(scene.tells(.closed).count == 1 && scene.states[.anna]?.earliestTimer == nil)
    }

    @Test("an outage of minutes calls nobody: the reply that it held up has kept the promise")
    func outage() throws {
        var (scene, reply) = try Self.replied(at: .november(20, 9, 10))
        try scene.advance(to: .november(20, 10, 12))
        try scene.settle(reply, at: .november(20, 10, 13))
        try scene.advance(to: .november(20, 12))
        #expect(scene.standings() == [.kept])
        #expect(scene.tells(.escalation).isEmpty && scene.tells(.brokenPromise).isEmpty)
    }

    @Test("what does not get through in the end breaks the promise then", arguments: [Outcome.Status.expired, .failed])
    func lost(status: Outcome.Status) throws {
        var (scene, reply) = try Self.replied(at: .november(20, 9, 10))
        try scene.advance(to: .november(20, 14))
        #expect(scene.standings() == [.binding])
        try scene.settle(reply, status, at: .november(20, 14))
        #expect(scene.standings() == [.broken] && scene.tells(.brokenPromise).count == 1)
    }

    @Test("a lane that is behind calls the desk too")
    func late() throws {
        var (scene, _) = try Self.replied(at: .november(20, 9, 10))
        try scene.advance(to: .november(20, 10, 30), delay: .seconds(3_600))
        #expect(scene.tells(.escalation).map(\.rule) == ["promise.undelivered"])
    }

    @Test("whoever had taken the matter is called again, and the notice says why")
    func calledAgain() throws {
        var (scene, _) = try Self.replied(at: .november(20, 9, 50))
        let first = try #require(scene.tells(.escalation).first)
        try scene.take(first.event, at: .november(20, 9, 51))
        #expect(scene.texts(.notify).count == 1)
        try scene.take(
            .of("claim", at: .november(20, 9, 52), in: Self.matter) { $0.claim.agent = "kim" }, at: .november(20, 9, 52)
        )
        #expect(scene.states[Self.matter]?.matter.standing == .acknowledged)
        try scene.advance(to: .november(20, 10, 16))
        let second = try #require(scene.tells(.escalation).last)
        try scene.take(second.event, at: .november(20, 10, 17))
        let calls = scene.texts(.notify)
        #expect(calls.count == 2 && calls.last?.rule == "promise.undelivered")
        #expect(calls.last?.text.contains("is not delivered") == true)
        #expect(scene.states[Self.matter]?.matter.standing == .notified)
    }

    @Test("its result explains it in a sentence")
    func explained() throws {
        var (scene, _) = try Self.replied(at: .november(20, 9, 10))
        try scene.advance(to: .november(20, 11))
        let result = try #require(scene.decisions.map(\.result).first { $0.rule == "promise.undelivered" })
        #expect(Explanation.sentence(for: result).contains("written in time and is still not delivered"))
    }
}
