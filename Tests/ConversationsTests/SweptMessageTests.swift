import Contracts
import Conversations
import Instants
import Testing

@Suite("Direct messages that a sweep found")
struct SweptMessageTests {
    private static func swept(_ id: String, _ text: String, at: Instant, answered: Bool = false) -> Event {
        var event = Event.message(id, text, at: at)
        event.swept = true
        event.message.answeredSince = answered
        return event
    }

    @Test("one that no webhook brought is decided like any other, one that came is a duplicate")
    func decided() throws {
        var scene = Scene()
        let at = Instant.november(19, 10)
        try scene.take(Self.swept("m1", "how much?", at: at), at: at + .seconds(90))
        #expect(scene.rules == ["faq.price"])
        let again = try scene.take(Event.message("m1", "how much?", at: at), at: at + .seconds(120))
        #expect(again.result.verdict == .duplicate)
    }

    @Test("behind a newer word of the account people see it and nothing automatic answers")
    func answeredSince() throws {
        var scene = Scene()
        let at = Instant.november(19, 10)
        try scene.take(Self.swept("m1", "how much?", at: at, answered: true), at: at + .seconds(90))
        #expect(scene.rules == ["swept.answered_since"])
        #expect(scene.texts().isEmpty)
        #expect(scene.openItems[.anna]?.waitingSince == at.milliseconds && scene.openItems[.anna]?.late == true)
    }

    @Test("what a person of ours has answered in the meantime opens nothing again")
    func overtaken() throws {
        var scene = Scene()
        let at = Instant.november(19, 10)
        try scene.take(.message("m2", "hello?", at: at + .seconds(60)), at: at + .seconds(60))
        try scene.take(.reply("r1", "Hi", at: at + .seconds(120)), at: at + .seconds(120))
        try scene.settle(try #require(scene.texts().last))
        try scene.take(Self.swept("m1", "how much?", at: at, answered: true), at: at + .seconds(300))
        #expect(scene.rules.last == "overtaken")
        #expect(scene.openItems[.anna] == nil)
    }

    @Test("in a conversation that has forgotten its beginnings it counts as known, and puts nothing before people")
    func forgotten() throws {
        var scene = Scene()
        let start = Instant.november(19, 10)
        for number in 0..<70 {
            let at = start + .seconds(number)
            try scene.take(.message("n\(number)", "thanks, part \(number)", at: at), at: at)
        }
        let before = scene.openItems[.anna]
        try scene.take(Self.swept("m1", "how much?", at: start - .seconds(600)), at: start + .seconds(200))
        #expect(scene.rules.last == DecisionResult.sweptKnown)
        #expect(scene.openItems[.anna] == before)
    }

    @Test("a threat calls people although the account has written since")
    func threat() throws {
        var scene = Scene()
        let at = Instant.november(19, 10)
        try scene.take(Self.swept("m1", "I will burn your shop down", at: at, answered: true), at: at + .seconds(90))
        #expect(!scene.tells(.escalation).isEmpty)
    }
}
