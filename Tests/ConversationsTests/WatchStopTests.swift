import Contracts
import Conversations
import Instants
import Testing

@Suite("An account that is stopped calls its desk")
struct WatchStopTests {
    private static let start = Instant.november(20, 10)

    private static func stop(_ scene: inout Scene, _ id: String, at: Instant) throws {
        try scene.take(
            AccountStop.stopped("shop", reason: "http 400 code 190: revoked", id: id, at: at.milliseconds), at: at)
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

    @Test("a stop that nothing was heard of for over two days is told anew")
    func forgotten() throws {
        var scene = WatchTurnTests.scene(sweep: nil)
        try Self.stop(&scene, "1", at: Self.start)
        try Self.stop(&scene, "2", at: Self.start + .seconds(2 * 86_400))
        #expect(scene.tells(.escalation).count == 1)
        try Self.stop(&scene, "3", at: scene.now + .seconds(2 * 86_400 + 1))
        #expect(scene.tells(.escalation).count == 2)
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
        func enforced(_ word: String) throws {
            var event = WatchTurnTests.command("e.\(word)", "\(word) spam", at: scene.now)
            event.command.verb = .enforced
            try scene.take(event, at: scene.now + .seconds(1))
        }
        try scene.take(WatchTurnTests.command("w0", at: Self.start), at: Self.start)
        try enforced("block")
        try Self.stop(&scene, "1", at: scene.now + .seconds(1))
        #expect(scene.tells(.escalation).map(\.rule) == ["account.enforced", "account.stopped"])
        try enforced("unblock")
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
