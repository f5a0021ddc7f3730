import Contracts
import Conversations
import Instants
import Testing

@Suite("What was written while an account was not subscribed")
struct WatchGapTests {
    private static let start = Instant.november(20, 10)

    private static func sweeps(_ scene: Scene) -> [Action] {
        scene.actions.filter { $0.subject == FetchSubject.messages.rawValue }
    }

    /// The next look at the account's webhooks is answered; the instant of the answer.
    private static func look(_ scene: inout Scene, _ fill: (inout Fetched) -> Void) throws -> Instant {
        func looks(_ scene: Scene) -> [Action] {
            scene.actions.filter { $0.subject == FetchSubject.subscriptions.rawValue }
        }
        let known = looks(scene).count
        while looks(scene).count == known { try scene.advance(to: scene.now + .seconds(60)) }
        let at = scene.now + .seconds(1)
        try scene.take(WatchTurnTests.fetched(try #require(looks(scene).last), at: at, fill), at: at)
        return at
    }

    private static func watched(_ sweep: Duration?) throws -> Scene {
        var policy = TestPolicy(sweep: sweep)
        policy.watchesSubscriptions = true
        var scene = Scene(policy.built())
        try scene.take(WatchTurnTests.command("w1", at: start), at: start)
        return scene
    }

    @Test(
        "direct messages are asked for once webhooks are subscribed again, though the channel's file wants no sweeps of them",
        arguments: [Duration.seconds(600), nil] as [Duration?])
    func asked(_ sweep: Duration?) throws {
        var scene = try Self.watched(sweep)
        _ = try Self.look(&scene) { $0.text = "" }
        _ = try Self.look(&scene) { $0.text = "messages" }
        #expect(Self.sweeps(scene).isEmpty, "what is not subscribed again is gone on missing")
        let restored = try Self.look(&scene) { fetched in
            fetched.text = "feed messages"
            fetched.restored = true
        }
        let asked = try #require(Self.sweeps(scene).first)
        #expect(asked.since == Self.start.milliseconds && asked.until == restored.milliseconds - 60_000)
        #expect(scene.tells(.escalation).last?.event.told.facts.contains("direct messages") == true)

        // Refused or never made, it is asked for again.
        try scene.settle(asked, .failed)
        try scene.advance(to: scene.now + .seconds(3_600))
        let second = try #require(Self.sweeps(scene).last)
        #expect(Self.sweeps(scene).count == 2 && second.until > asked.until)
        try scene.settle(second, .expired)
        try scene.advance(to: scene.now + .seconds(3_600))
        let third = try #require(Self.sweeps(scene).last)
        #expect(Self.sweeps(scene).count == 3 && third.since == asked.since)
        try scene.take(WatchTurnTests.fetched(third, at: scene.now) { $0.until = third.until }, at: scene.now)
        try scene.advance(to: scene.now + .seconds(86_400))
        #expect(Self.sweeps(scene).count == 3, "once it was answered nobody asks for more")

        // The next gap is asked for from where this one ended.
        _ = try Self.look(&scene) { fetched in
            fetched.text = "messages"
            fetched.restored = true
        }
        #expect(Self.sweeps(scene).count == 4 && Self.sweeps(scene).last?.since == third.until - 900_000)
    }

    @Test("a gap that ends while the sweep of another is under way is swept behind it")
    func twice() throws {
        var scene = try Self.watched(.seconds(600))
        for _ in 1...2 {
            _ = try Self.look(&scene) { fetched in
                fetched.text = "messages"
                fetched.restored = true
            }
        }
        let first = try #require(Self.sweeps(scene).first)
        #expect(Self.sweeps(scene).count == 1)
        try scene.take(WatchTurnTests.fetched(first, at: scene.now) { $0.until = first.until }, at: scene.now)
        #expect(Self.sweeps(scene).count == 2 && (Self.sweeps(scene).last?.until ?? 0) > first.until)
    }

    @Test("one that the platform goes on refusing is told to the desk, and is asked for no more until somebody asks")
    func refused() throws {
        var scene = try Self.watched(.seconds(600))
        _ = try Self.look(&scene) { fetched in
            fetched.text = "messages"
            fetched.restored = true
        }
        var settled = 0
        for _ in 1...20 {
            for sweep in Self.sweeps(scene).dropFirst(settled) {
                settled += 1
                try scene.settle(sweep, .failed)
            }
            try scene.advance(to: scene.now + .seconds(600))
        }
        #expect(settled == 4 && scene.tells(.escalation).map(\.rule).contains("account.unswept"))
        try scene.take(WatchTurnTests.command("w9", "now", at: scene.now), at: scene.now)
        #expect(Self.sweeps(scene).count == 5)
    }
}
