import Contracts
import Conversations
import Instants
import Testing

@Suite("An account that is stopped calls its desk")
struct WatchStopTests {
    private static let start = Instant.november(20, 10)

    private static func stop(
        _ scene: inout Scene, _ id: String, _ cause: AccountStop.Cause = .token, at: Instant
    ) throws {
        try scene.take(
            AccountStop.stopped("shop", cause, reason: "http 400 code 190: revoked", id: id, at: at.milliseconds),
            at: at)
    }

    private static func enforced(_ scene: inout Scene, _ word: String) throws {
        var event = WatchTurnTests.command("e.\(word)", "\(word) spam", at: scene.now)
        event.command.verb = .enforced
        try scene.take(event, at: scene.now + .seconds(1))
    }

    /// A look at the account's webhooks is asked for now, and answered.
    private static func look(_ scene: inout Scene, _ missing: String = "") throws {
        try scene.take(WatchTurnTests.command("w\(scene.now)", "now", at: scene.now), at: scene.now)
        let look = try #require(scene.actions.last { $0.subject == FetchSubject.subscriptions.rawValue })
        var answer = WatchTurnTests.fetched(look, at: Instant(milliseconds: look.decidedAt)) { $0.text = missing }
        answer.id = "a\(scene.now)"
        try scene.take(answer, at: scene.now + .seconds(1))
    }

    private static func release(_ scene: inout Scene, at: Instant) throws {
        try scene.take(AccountStop.released("shop", by: "ann", at: at.milliseconds), at: at)
    }

    private static func watch(_ scene: Scene) -> AccountWatch {
        scene.states[WatchTurnTests.shop]?.post.watch ?? AccountWatch()
    }

    @Test("a stop is told once with its reason, however often it is met, and ends when somebody lets the account go on")
    func released() throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        for day in 0...3 {
            for call in 0...2 {
                let at = Self.start + .seconds(Int64(day) * 86_400 + Int64(call))
                try Self.stop(&scene, "\(day).\(call)", at: at)
            }
        }
        let tells = scene.tells(.escalation)
        #expect(tells.map(\.rule) == ["account.stopped"] && tells.first?.class == .safety)
        let facts = tells.first?.event.told.facts ?? ""
        #expect(facts.contains("shop") && facts.contains("code 190: revoked") && facts.contains("actions release"))
        #expect(scene.tells(.closed).isEmpty)

        try Self.release(&scene, at: scene.now + .seconds(60))
        #expect(scene.tells(.closed).count == 1 && Self.watch(scene).stoppedAt == 0)
        #expect(scene.tells(.closed).first?.event.told.facts.contains("ann") == true)
        try Self.release(&scene, at: scene.now + .seconds(60))
        #expect(scene.tells(.closed).count == 1, "there is nothing to end")

        try Self.stop(&scene, "later", at: scene.now + .seconds(60))
        #expect(scene.tells(.escalation).count == 2, "what stops it anew is news")
    }

    @Test(
        "a stop of which nothing is heard for a day and two hours is over, and begins no sweeps; the next one is news")
    func lapses() throws {
        for sweep in [Duration.seconds(600), nil] as [Duration?] {
            var scene = WatchTurnTests.scene(sweep: sweep)
            try Self.stop(&scene, "1", .sends, at: Self.start)
            // The brake's day is over, and a call met it again.
            try Self.stop(&scene, "2", .sends, at: Self.start + .seconds(86_400 + 3_600))
            try scene.advance(to: scene.now + Self.lasts - .seconds(1))
            #expect(scene.tells(.escalation).count == 1 && scene.tells(.closed).isEmpty)
            try scene.advance(to: scene.now + .seconds(1))
            #expect(scene.tells(.closed).count == 1 && scene.rules.last == "stopped.lapsed")
            #expect(Self.watch(scene).stoppedAt == 0 && !Self.watch(scene).sendsStopped)
            #expect(scene.states[WatchTurnTests.shop]?.timers.isEmpty == true)
            #expect(!scene.actions.contains { $0.kind == .fetch })
            try Self.stop(&scene, "3", .sends, at: scene.now + .seconds(60))
            #expect(scene.tells(.escalation).count == 2)
        }
    }

    private static let lasts = Duration.seconds(26 * 3_600)

    @Test("the end of a stop and a sweep that are due in the same instant both come")
    func sameInstant() throws {
        var scene = WatchTurnTests.scene()
        try scene.take(WatchTurnTests.command("w0", at: Self.start), at: Self.start)
        let due = try #require(scene.states[WatchTurnTests.shop]?.timers.first?.dueAt)
        // Sweeps come each ten minutes from then on.
        try Self.stop(&scene, "1", .sends, at: Instant(milliseconds: due) + .seconds(6_000))
        try scene.advance(to: scene.now + Self.lasts + .seconds(6_000))
        #expect(scene.tells(.closed).count == 1)
        #expect(scene.states[WatchTurnTests.shop]?.timers.count == 1)
    }

    @Test("a stop that an older worker took, without a timer of its end, lapses too")
    func olderWorkers() throws {
        var scene = WatchTurnTests.scene()
        try scene.take(WatchTurnTests.command("w0", at: Self.start), at: Self.start)
        scene.states[WatchTurnTests.shop]?.post.watch.stoppedAt = Self.start.milliseconds
        try scene.advance(to: Self.start + Self.lasts)
        #expect(scene.tells(.closed).count == 1 && Self.watch(scene).stoppedAt == 0)
    }

    @Test(
        "an answered read says nothing of a stop of sends, whatever else stopped the account", arguments: [false, true])
    func sendsAlone(tokenToo: Bool) throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        try Self.stop(&scene, "1", .sends, at: Self.start)
        if tokenToo { try Self.stop(&scene, "2", .token, at: Self.start + .seconds(1)) }
        // Only what was asked for behind the stop could end it.
        try scene.advance(to: scene.now + .seconds(3_600))
        try Self.look(&scene)
        #expect(Self.watch(scene).stoppedAt > 0 && scene.tells(.closed).isEmpty)
        try Self.release(&scene, at: scene.now + .seconds(60))
        #expect(scene.tells(.closed).count == 1 && !Self.watch(scene).sendsStopped)
        // The next one is of the token alone.
        try Self.stop(&scene, "3", .token, at: scene.now + .seconds(60))
        try scene.advance(to: scene.now + .seconds(3_600))
        try Self.look(&scene)
        #expect(Self.watch(scene).stoppedAt == 0 && scene.tells(.closed).count == 2)
    }

    @Test("a stop that ended by itself keeps nothing else of the account from ending")
    func mutesNothing() throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        try scene.advance(to: Self.start)
        try Self.look(&scene, "feed")
        try Self.stop(&scene, "1", .sends, at: scene.now + .seconds(60))
        try scene.advance(to: scene.now + Self.lasts)
        #expect(scene.tells(.closed).isEmpty, "webhooks are missing still")
        try Self.look(&scene)
        #expect(scene.tells(.closed).count == 1)
    }

    @Test(
        "what calls met of a block ends with the block, what else stopped the account does not",
        arguments: [false, true])
    func blocked(tokenToo: Bool) throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        try Self.stop(&scene, "1", .block, at: Self.start)
        if tokenToo { try Self.stop(&scene, "2", .token, at: Self.start + .seconds(1)) }
        try Self.enforced(&scene, "unblock")
        #expect(scene.tells(.closed).count == (tokenToo ? 0 : 1))
        #expect(scene.states[WatchTurnTests.shop]?.timers.count == (tokenToo ? 1 : 0))
    }

    @Test("a fetch that was asked for behind the stop ends it once it is answered, one from before or refused does not")
    func goesOn() throws {
        var scene = WatchTurnTests.scene()
        try scene.take(WatchTurnTests.command("w0", "now", at: Self.start), at: Self.start)
        let before = try #require(WatchTurnTests.sweeps(scene).first)
        let stopped = Self.start + .seconds(10)
        try Self.stop(&scene, "1", at: stopped)
        func answer(_ asked: Action, _ id: String, _ fill: (inout Fetched) -> Void) throws {
            var event = WatchTurnTests.fetched(asked, at: Instant(milliseconds: asked.decidedAt), fill)
            event.id = id
            try scene.take(event, at: scene.now + .seconds(1))
        }
        try answer(before, "a") { $0.until = before.until }
        #expect(Self.watch(scene).stoppedAt == stopped.milliseconds && scene.tells(.closed).isEmpty)

        try scene.take(WatchTurnTests.command("w1", "now", at: scene.now), at: Self.start + .seconds(7_200))
        let look = try #require(scene.actions.last { $0.subject == FetchSubject.subscriptions.rawValue })
        #expect(look.decidedAt > stopped.milliseconds)
        try answer(look, "b") { $0.refused = true }
        #expect(Self.watch(scene).stoppedAt > 0)
        try answer(look, "c") { $0.text = "" }
        #expect(Self.watch(scene).stoppedAt == 0 && scene.tells(.closed).count == 1)
    }

    @Test("stops, blocks and webhooks are one matter, which ends with the last of them")
    func together() throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        try scene.take(WatchTurnTests.command("w0", at: Self.start), at: Self.start)
        try Self.enforced(&scene, "block")
        try Self.stop(&scene, "1", at: scene.now + .seconds(1))
        #expect(scene.tells(.escalation).map(\.rule) == ["account.enforced", "account.stopped"])
        try Self.enforced(&scene, "unblock")
        #expect(scene.tells(.closed).isEmpty)
        try Self.release(&scene, at: scene.now + .seconds(1))
        #expect(scene.tells(.closed).count == 1)

        // A release takes the platform's block away too.
        var blocked = WatchTurnTests.scene(sweep: nil)
        var event = WatchTurnTests.command("e", "block spam", at: Self.start)
        event.command.verb = .enforced
        try blocked.take(event, at: Self.start)
        try Self.release(&blocked, at: Self.start + .seconds(60))
        #expect(blocked.tells(.closed).count == 1 && !Self.watch(blocked).enforced)
        #expect(blocked.states[WatchTurnTests.shop]?.timers.isEmpty == true)
    }
}
