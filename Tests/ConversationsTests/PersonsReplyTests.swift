import Contracts
import Conversations
import Instants
import Testing

@Suite("People and echoes")
struct PersonsReplyTests {
    @Test("a reply is sent by a person, until the end of what the platform allows, to the customer of the thread")
    func reply() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        let text = try #require(scene.texts().first)
        #expect(text.class == .person && text.agent == "kim" && text.contact == "anna")
        #expect(text.notAfter == Instant.november(26, 10).milliseconds)
        #expect(text.windowEnds == Instant.november(20, 10).milliseconds)
        #expect(scene.openItems[.anna] != nil)
        try scene.settle(text)
        #expect(scene.openItems[.anna] == nil)
        #expect(scene.talk().status == .waitingCustomer)
    }

    @Test("the last automatic text leaves a margin before the window's end, a person's until the end")
    func margin() throws {
        var policy = TestPolicy()
        policy.windowMargin = .seconds(30)
        policy.personsMayWriteLate = false
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "How much is it?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        let texts = scene.texts()
        #expect(texts.map(\.agent) == ["", "kim"])
        let end = Instant.november(20, 10)
        #expect(texts.map(\.notAfter) == [(end - .seconds(30)).milliseconds, end.milliseconds])
        // A lane that is behind decides in the margin.
        var late = Scene(policy.built())
        let delay = Duration.seconds(86_400 - 20)
        try late.take(.message("m1", "How much is it?", at: .november(19, 10)), at: .november(19, 10), delay: delay)
        #expect(late.texts().isEmpty && late.openItems[.anna] != nil)
    }

    @Test("a reply after the window makes no action and puts the conversation before the team")
    func windowClosed() throws {
        var policy = TestPolicy()
        policy.personsMayWriteLate = false
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(18, 10)), at: .november(18, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10)), at: .november(19, 10))
        #expect(scene.rules.last == "agent_reply.window_closed")
        #expect(scene.texts().isEmpty)
        #expect(scene.openItems[.anna]?.reason == "agent_reply.window_closed")
        try scene.take(.message("m2", "hello??", at: .november(19, 11)), at: .november(19, 11))
        #expect(scene.openItems[.anna]?.reason == "")
    }

    @Test(
        "after a day a reply goes with the end of the standard window, after the tag's own seven it is a person's task")
    func afterTheWindow() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(18, 10)), at: .november(18, 10))
        try scene.take(.reply("r1", "Hi", at: .november(20, 11)), at: .november(20, 11))
        let text = try #require(scene.texts().last)
        #expect(text.agent == "kim" && text.windowEnds == Instant.november(19, 10).milliseconds)
        #expect(text.notAfter == Instant.november(25, 10).milliseconds)
        try scene.settle(text)
        #expect(scene.openItems[.anna] == nil)
        try scene.take(.reply("r2", "Hi again", at: .november(25, 10)), at: .november(25, 10))
        #expect(scene.rules.last == "agent_reply.window_closed")
        #expect(scene.openItems[.anna]?.reason == "agent_reply.window_closed")
    }

    @Test(
        "a person's text that the platform did not take says why in the inbox, until the customer writes",
        arguments: [
            (Outcome.Status.windowClosed, "outcome.window_closed"), (.expired, "outcome.expired"),
            (.failed, "outcome.failed"), (.ambiguous, "outcome.ambiguous"),
        ])
    func unsent(status: Outcome.Status, rule: String) throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(18, 10)), at: .november(18, 10))
        try scene.take(.reply("r1", "Hi", at: .november(20, 11)), at: .november(20, 11))
        try scene.settle(try #require(scene.texts().last), status)
        #expect(scene.openItems[.anna]?.reason == rule)
        try scene.take(.message("m2", "?!", at: .november(20, 12)), at: .november(20, 12))
        #expect(scene.openItems[.anna]?.reason == "")
    }

    @Test("an edit opens no window: a person's text is tagged from a day after the last words on", arguments: [10, 20])
    func edited(hour: Int) throws {
        var scene = Scene()
        let at = Instant.november(18, hour)
        try scene.take(.message("m1", "how much is it?", at: at), at: at)
        let edited = at + .seconds(14 * 60)
        try scene.take(
            .of("e1", at: edited) {
                $0.edit.target = "m1"
                $0.edit.text = "never mind"
            }, at: edited)
        let later = at + .seconds(86_400 + 5 * 60)
        try scene.take(.reply("r1", "Hi", at: later), at: later)
        let text = try #require(scene.texts().last)
        #expect(text.agent == "kim" && text.windowEnds == (at + .seconds(86_400)).milliseconds)
    }

    @Test("an account whose people may not write late has texts without a tag")
    func mayNot() throws {
        var policy = TestPolicy()
        policy.personsMayWriteLate = false
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        #expect(scene.texts().last?.windowEnds == 0)
    }

    @Test("a reply that surely failed puts the conversation before the team again")
    func failed() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        try scene.settle(try #require(scene.texts().first), .failed)
        #expect(scene.openItems[.anna]?.waitingSince == Instant.november(19, 10).milliseconds)
    }

    @Test("what the customer wrote after a reply still waits when the reply is delivered")
    func writtenMeanwhile() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Hi", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        try scene.take(.message("m2", "and?", at: .november(19, 10, 6)), at: .november(19, 10, 6))
        try scene.settle(try #require(scene.texts().first), at: .november(19, 10, 7))
        #expect(scene.openItems[.anna]?.waitingSince == Instant.november(19, 10, 6).milliseconds)
    }

    @Test("a long reply goes out in pieces of the channel's limit, cut between graphemes")
    func pieces() throws {
        var policy = TestPolicy()
        policy.limit = TextLimit(unit: .bytes, most: 10)
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "Chào 👨‍👩‍👧 bạn nhé", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        let pieces = scene.texts().map(\.text)
        #expect(pieces.joined() == "Chào 👨‍👩‍👧 bạn nhé")
        #expect(pieces.count > 2)
        #expect(pieces.allSatisfy { $0.utf8.count <= 10 })
        #expect(Set(scene.texts().map(\.actionID)).count == pieces.count)
        try scene.take(
            .reply("r2", String(repeating: "x", count: 500), at: .november(19, 10, 6)), at: .november(19, 10, 6))
        #expect(scene.rules.last == "agent_reply.too_long")
        #expect(scene.texts().count == pieces.count)
        #expect(scene.openItems[.anna]?.reason == "agent_reply.too_long")
    }

    @Test("the echo of any piece of a text takes that piece out of the outbox, though only the last one is awaited")
    func echoesOfPieces() throws {
        var policy = TestPolicy()
        policy.limit = TextLimit(unit: .bytes, most: 10)
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.reply("r1", "twenty-four characters..", at: .november(19, 10, 5)), at: .november(19, 10, 5))
        let pieces = scene.texts().map(\.actionID)
        #expect(pieces.count == 3)
        for (number, piece) in pieces.enumerated() {
            let at = Instant.november(19, 10, 6, number)
            try scene.take(.echo("e\(number)", at: at, metadata: "ns1:de-berlin.3:\(piece)"), at: at)
        }
        #expect(scene.cancels == pieces)
        #expect(scene.openItems[.anna] == nil, "the last one answers the customer")
    }

    @Test("edge case 20: our own echo settles its action and is no message")
    func ownEcho() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        let text = try #require(scene.texts().first)
        try scene.take(
            .echo("e1", at: .november(19, 20, 1), metadata: "ns1:de-berlin.3:\(text.actionID)"),
            at: .november(19, 20, 1))
        #expect(scene.rules.last == "own_echo")
        #expect(scene.standings() == [.binding])
        #expect(scene.texts().count == 1)
        #expect(scene.cancels == [text.actionID], "whoever owns the lane then does not send it again")
        try scene.settle(text, .failed)
        #expect(scene.standings() == [.binding])
        try scene.take(.echo("e2", at: .november(19, 20, 2), metadata: "ns1:x"), at: .november(19, 20, 2))
        #expect(scene.rules.last == "own_echo")
    }

    @Test("a foreign automation's echo holds nothing and silences ours for a while")
    func foreignEcho() throws {
        var scene = Scene()
        try scene.take(.echo("e1", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.rules.last == "foreign_echo")
        try scene.take(.message("m1", "how much?", at: .november(19, 20, 5)), at: .november(19, 20, 5))
        #expect(scene.rules.last == "suppressed.foreign")
        try scene.take(.message("m2", "how much?", at: .november(19, 21, 5)), at: .november(19, 21, 5))
        #expect(scene.rules.last == "faq.price")
    }

    @Test("the first claim in the log has the conversation; assign moves it, release frees it")
    func claims() throws {
        var scene = Scene()
        let at = Instant.november(19, 10)
        func claim(_ id: String, _ agent: String) -> Event { .of(id, at: at) { $0.claim.agent = agent } }
        try scene.take(claim("c1", "kim"), at: at)
        try scene.take(claim("c2", "lee"), at: at)
        #expect(scene.rules == ["claim", "claim.taken"])
        #expect(scene.talk().agent == "kim")
        func command(_ id: String, _ verb: Command.Verb, _ subject: String) -> Event {
            .of(id, at: at) {
                $0.command.verb = verb
                $0.command.subject = subject
            }
        }
        try scene.take(command("a", .assign, "lee"), at: at)
        #expect(scene.talk().agent == "lee")
        try scene.take(command("b", .release, ""), at: at)
        #expect(scene.talk().agent == "")
        try scene.take(command("f", .forget, "anna"), at: at)
        #expect(scene.rules.last == "command.forget")
    }

    @Test("an operator's cancel names the action")
    func cancel() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        let text = try #require(scene.texts().first)
        try scene.take(
            .of("x", at: .november(19, 20)) {
                $0.command.verb = .cancel
                $0.command.subject = text.actionID.description
            }, at: .november(19, 20))
        #expect(scene.cancels == [text.actionID])
    }

    @Test("a resolve closes what was written before it and not what came after")
    func resolve() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        try scene.take(.of("r", at: .november(19, 11)) { $0.resolve.agent = "kim" }, at: .november(19, 11))
        #expect(scene.openItems[.anna] == nil)
        #expect(scene.talk().status == .resolved)
        try scene.take(.message("m0", "older", at: .november(19, 10, 59)), at: .november(19, 11, 1))
        #expect(scene.rules.last == "overtaken")
        try scene.take(.message("m2", "newer", at: .november(19, 11, 2)), at: .november(19, 11, 2))
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("ratings and fetched texts are noted")
    func noted() throws {
        var scene = Scene()
        try scene.take(.of("r", at: .november(19, 11)) { $0.rating.score = 5 }, at: .november(19, 11))
        try scene.take(.of("f", at: .november(19, 11)) { $0.fetched.text = "x" }, at: .november(19, 11))
        #expect(scene.rules == ["rating.5", "fetched"])
    }
}
