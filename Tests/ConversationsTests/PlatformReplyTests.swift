import Contracts
import Conversations
import Instants
import Testing

@Suite("The platform's own instant replies and away messages")
struct PlatformReplyTests {
    private static let away = "Thanks for your message! We will be back soon."

    private static func echo(_ id: String, _ text: String, at: Instant) -> Event {
        var event = Event.echo(id, at: at, inbox: true)
        event.echo.text = text
        return event
    }

    /// After the team went home a customer wrote and got our text, and its promise.
    private static func promised() throws -> Scene {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        return scene
    }

    @Test("behind the first words of a night they keep no promise, hold nothing and cancel nothing", arguments: [1, 9])
    func night(seconds: Int) throws {
        var scene = try Self.promised()
        let text = try #require(scene.texts().first)
        let at = Instant.november(19, 20, 0, seconds)
        try scene.take(Self.echo("e1", Self.away, at: at), at: at)
        #expect(scene.rules.last == "inbox_echo.automatic")
        #expect(scene.cancels.isEmpty)
        try scene.settle(text, at: at)
        #expect(scene.standings() == [.binding])
        #expect(scene.openItems[.anna] != nil)
        #expect(scene.talk().foreignUntil == 0)
        try scene.advance(to: .november(20, 10))
        #expect(scene.tells(.escalation).map(\.rule) == ["promise.pre_breach"])
        #expect(scene.standings() == [.broken])
    }

    @Test("a person's words keep the promise: later, in a running exchange, or behind further words", arguments: 0..<4)
    func person(number: Int) throws {
        var scene = try Self.promised()
        try scene.settle(try #require(scene.texts().first), at: .november(19, 20, 0, 1))
        var at = Instant.november(19, 20, 0, 10)
        switch number {
        case 0: break
        case 1:
            // The same words again, but slowly.
            try scene.take(Self.echo("e0", "Hi", at: .november(19, 20, 0, 2)), at: .november(19, 20, 0, 2))
            at = .november(19, 20, 1)
        case 2:
            // They answer further words of somebody who waits.
            try scene.take(.message("m2", "and?", at: .november(19, 20, 30)), at: .november(19, 20, 30))
            at = .november(19, 20, 30, 4)
        default: at = .november(20, 9)
        }
        try scene.take(Self.echo("e1", "Hi", at: at), at: at)
        #expect(scene.rules.last == (number == 2 ? "inbox_echo.in_doubt" : "inbox_echo"))
        #expect(scene.standings() == [.kept])
        // In doubt the question stays before the team.
        #expect((scene.openItems[.anna] != nil) == (number == 2))
    }

    @Test("a person who writes with a customer answers as fast as he likes, at night too")
    func exchange() throws {
        var scene = try Self.promised()
        try scene.settle(try #require(scene.texts().first), at: .november(19, 20, 0, 1))
        for minute in 1...3 {
            let at = Instant.november(19, 20, minute)
            if minute > 1 { try scene.take(.message("m\(minute)", "and \(minute)?", at: at), at: at) }
            let answered = at + .seconds(1)
            try scene.take(Self.echo("e\(minute)", "Yes \(minute)", at: answered), at: answered)
            #expect(scene.rules.last == "inbox_echo")
            #expect(scene.openItems[.anna] == nil)
        }
        #expect(scene.standings() == [.kept])
    }

    @Test("the same words at once again are the platform's, whatever else was said before")
    func repeated() throws {
        var scene = try Self.promised()
        try scene.take(Self.echo("e1", Self.away, at: .november(19, 20, 0, 1)), at: .november(19, 20, 0, 1))
        try scene.settle(try #require(scene.texts().first), at: .november(19, 20, 0, 2))
        try scene.take(.message("m2", "anybody?", at: .november(19, 20, 30)), at: .november(19, 20, 30))
        try scene.take(Self.echo("e2", Self.away, at: .november(19, 20, 30, 5)), at: .november(19, 20, 30, 5))
        #expect(scene.rules.last == "inbox_echo.automatic")
        #expect(scene.standings() == [.binding])
    }

    @Test(
        "in opening hours nobody types in a second; within ten it is in doubt and the question stays before the team",
        arguments: [(1, "inbox_echo.automatic"), (5, "inbox_echo.in_doubt"), (10, "inbox_echo")])
    func open(seconds: Int, rule: String) throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
        let at = Instant.november(19, 10, 0, seconds)
        try scene.take(Self.echo("e1", "Hi!", at: at), at: at)
        #expect(scene.rules.last == rule)
        #expect((scene.openItems[.anna] == nil) == (rule == "inbox_echo"))
        #expect((scene.talk().foreignUntil > 0) == (rule != "inbox_echo.automatic"))
    }

    @Test("the words that come behind the platform's answer to them are heard as if they had come before it")
    func early() throws {
        var scene = Scene()
        let received = Instant.november(19, 20, 0, 3)
        try scene.take(Self.echo("e1", Self.away, at: .november(19, 20, 0, 1)).received(at: received), at: received)
        try scene.take(.message("m1", "hello?", at: .november(19, 20)).received(at: received), at: received)
        #expect(scene.rules == ["inbox_echo", "after_hours.promise"])
        #expect(scene.standings() == [.made])
        #expect(scene.openItems[.anna] != nil)
        #expect(scene.talk().foreignUntil == 0 && scene.talk().lastAgentAt == 0)
    }

    @Test("words behind a person's late answer stay answered")
    func overtaken() throws {
        var scene = Scene()
        let received = Instant.november(19, 20, 1)
        try scene.take(Self.echo("e1", "Hi", at: .november(19, 20, 0, 30)).received(at: received), at: received)
        try scene.take(.message("m1", "hello?", at: .november(19, 20)).received(at: received), at: received)
        #expect(scene.rules == ["inbox_echo", "overtaken"])
        #expect(scene.openItems[.anna] == nil)
    }

    @Test("a channel without a bound takes every text of the inbox for a person's")
    func off() throws {
        var policy = TestPolicy()
        policy.platformRepliesWithin = .zero
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.take(Self.echo("e1", Self.away, at: .november(19, 20, 0, 1)), at: .november(19, 20, 0, 1))
        #expect(scene.rules.last == "inbox_echo")
    }
}
