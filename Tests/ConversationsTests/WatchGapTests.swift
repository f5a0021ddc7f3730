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

    /// Every sweep of direct messages is refused until then; the instants at which they were asked for.
    private static func refuse(_ scene: inout Scene, until end: Instant) throws -> [Instant] {
        while scene.now < end {
            let watch = scene.states[WatchTurnTests.shop]?.post.watch ?? AccountWatch()
            if watch.messages.askedAt != 0, let sweep = sweeps(scene).last { try scene.settle(sweep, .failed) }
            try scene.advance(to: scene.now + .seconds(600))
        }
        return sweeps(scene).map { Instant(milliseconds: $0.decidedAt) }
    }

    @Test(
        "one that the platform goes on refusing is told to the desk with what asks at once, and asked for each hour, later each day",
        arguments: [Duration.seconds(600), nil] as [Duration?])
    func refused(_ sweep: Duration?) throws {
        var scene = try Self.watched(sweep)
        let begin = try Self.look(&scene) { fetched in
            fetched.text = "messages"
            fetched.restored = true
        }
        let asked = try Self.refuse(&scene, until: begin + .seconds(4 * 86_400))
        let told = try #require(scene.tells(.escalation).first { $0.rule == "account.unswept" })
        #expect(told.event.told.facts.contains("`accounts sweep`"))
        let pauses = zip(asked.dropFirst(), asked).map { $0 - $1 }
        // Three at the pace of all sweeps, a day of hours, then days.
        #expect(pauses.prefix(3).allSatisfy { $0 <= .seconds(3_600) })
        let hours = pauses.dropFirst(3).prefix(24)
        #expect(hours.count == 24 && hours.allSatisfy { $0 >= .seconds(3_600) && $0 < .seconds(7_200) }, "\(pauses)")
        let days = pauses.dropFirst(27)
        #expect(days.count >= 2 && days.allSatisfy { $0 >= .seconds(86_400) && $0 < .seconds(90_000) }, "\(pauses)")
        // Somebody asks, and gets it at once.
        let count = asked.count
        try scene.take(WatchTurnTests.command("w9", "now", at: scene.now), at: scene.now)
        let last = try #require(Self.sweeps(scene).last)
        #expect(Self.sweeps(scene).count == count + 1)
        try scene.take(WatchTurnTests.fetched(last, at: scene.now) { $0.until = last.until }, at: scene.now)
        _ = try Self.refuse(&scene, until: scene.now + .seconds(86_400))
        #expect(Self.sweeps(scene).count == count + 1, "that one was whole")
    }

    @Test("what is too old to be asked for is given up, and keeps the account's matter open no longer")
    func givenUp() throws {
        var scene = try Self.watched(nil)
        let begin = try Self.look(&scene) { fetched in
            fetched.text = "messages"
            fetched.restored = true
        }
        _ = try Self.look(&scene) { $0.text = "" }
        let asked = try Self.refuse(&scene, until: begin + .seconds(8 * 86_400))
        #expect(scene.states[WatchTurnTests.shop]?.post.watch.messages.refused ?? 0 > 4)
        let closed = scene.tells(.closed).count
        let all = try Self.refuse(&scene, until: begin + .seconds(20 * 86_400))
        #expect(all.count > asked.count && scene.rules.contains("sweep.given_up"))
        #expect(all.last.map { $0 < begin + .seconds(12 * 86_400) } == true)
        #expect(scene.tells(.closed).count == closed + 1)
        #expect(scene.tells(.closed).last?.event.told.facts.contains("too old") == true)
        // The next gap is one of its own.
        let again = try Self.look(&scene) { fetched in
            fetched.text = "messages"
            fetched.restored = true
        }
        #expect(Self.sweeps(scene).count == all.count + 1)
        #expect(Self.sweeps(scene).last?.until == again.milliseconds - 60_000)
    }
}
