import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing
import TextRules

@Suite("Orders, praise and complaints")
struct OrderAnswerTests {
    private static let noon = Instant.november(19, 12)

    private func scene(_ service: ServicePolicy = ServicePolicy(), _ disclosure: Bool = false) -> Scene {
        var policy = TestPolicy()
        policy.answers.append(AnswerRule(rule: "faq.order_status", intent: .orderStatus))
        policy.service = service
        policy.disclosure = DisclosurePolicy(messages: disclosure)
        return Scene(policy.built())
    }

    @Test("in a message the order's number is asked for, and a person sees the question")
    func message() throws {
        var scene = scene()
        try scene.take(.message("m", "where is my order 1234567?", at: Self.noon), at: Self.noon)
        #expect(scene.rules == ["faq.order_status"])
        #expect(scene.texts().map(\.text) == ["Your number, please, here in private."])
        #expect(scene.openItems[.anna] != nil)
    }

    @Test(
        "invariants I5 and I13: under a post one private message, then a public word without anything of the customer's"
    )
    func comment() throws {
        var scene = scene(ServicePolicy(), true)
        let asked = Event.comment("c1", "where is my order 1234567? I am Bo Berg", at: Self.noon)
        let decision = try scene.take(asked, at: Self.noon)
        #expect(decision.actions.filter { $0.kind != .tell }.map(\.kind) == [.privateReply, .reply])
        let (told, pointer) = (try #require(scene.texts(.privateReply).first), try #require(scene.texts(.reply).first))
        #expect(told.comment == "c1" && told.text.contains("automatic"))
        #expect(told.notAfter == (Self.noon + .seconds(7 * 86_400)).milliseconds)
        for word in ["1234567", "Berg", "Bo", "c1"] { #expect(!pointer.text.contains(word)) }
        try scene.settle(told)
        try scene.settle(pointer)
        #expect(scene.openItems[.thread] == nil)
        try scene.take(.comment("c2", "where is my order?", at: Self.noon, by: "cy", under: "c1"), at: Self.noon)
        var repeated = asked
        repeated.id = "again"
        try scene.take(repeated, at: Self.noon)
        #expect(scene.texts(.privateReply).filter { $0.comment == "c1" }.count == 1)
    }

    @Test("a private message whose answer was lost is known by its echo, which names the comment's conversation")
    func echoed() throws {
        var scene = scene()
        try scene.take(.comment("c1", "where is my order?", at: Self.noon), at: Self.noon)
        let told = try #require(scene.texts(.privateReply).first)
        try scene.settle(try #require(scene.texts(.reply).first))
        #expect(scene.openItems[.thread] != nil)
        var echo = Event.of("echo:m", at: Self.noon, contact: "scoped-bo")
        echo.conversation = told.conversation
        echo.echo.message = "m"
        echo.echo.metadata = "ns1:de-berlin.3:\(told.actionID):\(told.conversation)"
        try scene.take(echo, at: Self.noon)
        #expect(scene.rules.last == "own_echo")
        #expect(scene.openItems[.thread] == nil)
    }

    @Test("under a live broadcast a question is answered for five minutes, later by people", arguments: [0, 299, 300])
    func live(seconds: Int64) throws {
        var scene = scene()
        var event = Event.comment("c1", "where is my order?", at: Self.noon)
        event.comment.live = true
        let at = Self.noon + .seconds(seconds)
        try scene.take(event.received(at: at), at: at)
        let ends = (scene.texts(.privateReply) + scene.texts(.reply)).map(\.notAfter)
        let end = (Self.noon + .seconds(300)).milliseconds
        #expect(ends == (seconds < 300 ? [end, end] : []))
        #expect(scene.openItems[.thread] != nil)
    }

    @Test("edge case 25: a private message that fails is not tried again, and the comment is a person's")
    func failed() throws {
        for outcome in [Outcome.Status.failed, .expired] {
            var scene = scene()
            try scene.take(.comment("c1", "where is my order?", at: Self.noon), at: Self.noon)
            try scene.settle(try #require(scene.texts(.privateReply).first), outcome)
            try scene.settle(try #require(scene.texts(.reply).first))
            #expect(scene.openItems[.thread] != nil)
            #expect(scene.texts(.privateReply).count == 1)
        }
    }

    @Test("edge case 49: a comment found on day six is answered in private within its seven days, later not at all")
    func late() throws {
        for (days, count) in [(0, 1), (8, 0)] {
            var scene = scene()
            let happened = Self.noon + .seconds(-86_400 * days)
            var event = Event.comment("c1", "where is my order?", at: happened)
            event.receivedAt = Self.noon.milliseconds
            try scene.take(event, at: Self.noon)
            #expect(scene.texts(.privateReply).count == count)
            #expect(scene.openItems[.thread] != nil)
        }
    }

    @Test(
        "a complaint under a post gets a word in public where the market wants it, and stays a person's; praise is done"
    )
    func publicWords() throws {
        for isWanted in [false, true] {
            var scene = scene(ServicePolicy(answersComplaints: isWanted, answersPraise: isWanted))
            try scene.take(.comment("c1", "my parcel never arrived", at: Self.noon), at: Self.noon)
            #expect(scene.texts(.reply).map(\.rule) == (isWanted ? ["public.complaint"] : []))
            if let word = scene.texts(.reply).first { try scene.settle(word) }
            #expect(scene.openItems[.thread] != nil)
            var praise = Event.comment("p1", "lovely quality", at: Self.noon, by: "cy")
            praise.comment.post = "other"
            let id = try EntityID.of(praise)
            try scene.take(praise, at: Self.noon)
            let thanks = scene.texts(.reply).filter { $0.rule == "public.praise" }
            #expect(thanks.count == (isWanted ? 1 : 0))
            if let word = thanks.first { try scene.settle(word) }
            #expect((scene.openItems[id] == nil) == isWanted)
        }
    }

    @Test("who praises with one word and complains with another is not thanked")
    func mixed() throws {
        var scene = scene(ServicePolicy(answersPraise: true))
        try scene.take(.comment("c1", "lovely quality but it never arrived", at: Self.noon), at: Self.noon)
        #expect(scene.texts(.reply).isEmpty)
    }

    @Test("an answer ends with the question how else to help where the market wants it, once, and not under a post")
    func further() throws {
        for (isWanted, ending) in [(true, "\nAnything else?"), (false, "")] {
            var scene = scene(ServicePolicy(asksFurther: isWanted))
            try scene.take(.message("m", "how much?", at: Self.noon), at: Self.noon)
            #expect(["It costs 10." + ending, "10 it is." + ending].contains(scene.texts().first?.text))
            try scene.take(.comment("c1", "how much?", at: Self.noon), at: Self.noon)
            #expect(scene.texts(.reply).allSatisfy { !$0.text.contains("?") })
        }
        var again = Scene(
            {
                var policy = TestPolicy()
                policy.service = ServicePolicy(asksFurther: true)
                return policy.built()
            }())
        for minute in 0..<3 {
            let at = Self.noon + .seconds(minute * 60)
            try again.take(.message("m\(minute)", "how much?", at: at), at: at)
        }
        #expect(Set(again.texts().map(\.text)) == ["It costs 10.\nAnything else?", "10 it is.\nAnything else?"])
        #expect(again.decisions.last?.result.abstained == "faq.price: every text was said")
        var policy = TestPolicy()
        policy.service = ServicePolicy(asksFurther: true)
        policy.answerVariants = ["{{answer}}. Which one?"]
        var scene = Scene(policy.built())
        try scene.take(.message("m", "how much?", at: Self.noon), at: Self.noon)
        #expect(scene.texts().first?.text == "10. Which one?")
    }
}
