import Contracts
import Conversations
import Instants
import Testing

@Suite("What an account's own entity tells its desk")
struct WatchTellingTests {
    /// Asks which webhooks come, and gives one answer after the other, a second apart.
    private static func looks(_ scene: inout Scene, _ answers: [(inout Fetched) -> Void]) throws {
        let start = Instant.november(20, 10)
        try scene.take(WatchTurnTests.command("w1", "now", at: start), at: start)
        let asked = try #require(scene.actions.first { $0.subject == FetchSubject.subscriptions.rawValue })
        for (number, fill) in answers.enumerated() {
            let at = start + .seconds(Int64(number + 1))
            var answer = WatchTurnTests.fetched(asked, at: at, fill)
            answer.id = "s\(number)"
            try scene.take(answer, at: at)
        }
    }

    @Test("webhooks that did not come are told to the desk once, until they come again")
    func subscriptions() throws {
        var scene = WatchTurnTests.scene()
        try Self.looks(&scene, Array(repeating: { $0.text = "feed messages" }, count: 3))
        let tells = scene.tells(.escalation)
        #expect(tells.count == 1)
        #expect(tells.first?.event.told.facts.contains("feed messages") == true)
    }

    @Test("what was subscribed again is told once, and its matter ends with the first look that finds everything")
    func restored() throws {
        var scene = WatchTurnTests.scene()
        try Self.looks(
            &scene,
            ["feed", "feed", "", "", "feed"].map { missing in
                {
                    $0.text = missing
                    $0.restored = !missing.isEmpty
                }
            })
        #expect(scene.tells(.escalation).count == 2, "the first loss and the one after all was well")
        #expect(scene.tells(.closed).count == 1)
    }

    @Test("apps among which ours cannot be told are told to the desk once, and are not the same as missing webhooks")
    func unsure() throws {
        var scene = WatchTurnTests.scene()
        try Self.looks(&scene, [true, true, false, true].map { isUnsure in { $0.unsure = isUnsure } })
        let tells = scene.tells(.escalation)
        #expect(tells.map(\.rule) == ["account.app_unknown", "account.app_unknown"])
        #expect(tells.allSatisfy { $0.event.told.facts.contains("accounts.yaml") })
    }

    /// Sweeps that end one after the other: true whole, false refused or without an answer that says anything, nil not whole.
    private static func ends(
        _ scene: inout Scene, _ ends: [Bool?], refused: Outcome.Status = .failed
    ) throws {
        for (number, end) in ends.enumerated() {
            while !WatchTurnTests.sweeps(scene).indices.contains(number) {
                try scene.advance(to: scene.now + .seconds(60))
            }
            let sweep = WatchTurnTests.sweeps(scene)[number]
            if let end, !end {
                try scene.settle(sweep, refused)
            } else {
                let at = scene.now
                try scene.take(
                    WatchTurnTests.fetched(sweep, at: at) { fetched in
                        fetched.until = end == true ? sweep.until : 0
                        fetched.text = end == true ? "" : "http 400 code 100: no such field"
                    }, at: at)
            }
        }
    }

    @Test("sweeps that are refused or not whole four times in a row are told once, until one is whole")
    func refused() throws {
        let start = Instant.november(20, 10)
        func told(_ ends: [Bool?]) throws -> Scene {
            var scene = WatchTurnTests.scene()
            try scene.take(WatchTurnTests.command("w1", at: start), at: start)
            try Self.ends(&scene, ends)
            return scene
        }
        let three = try told([false, nil, false, true, nil, nil, nil])
        #expect(three.tells(.escalation).isEmpty && three.tells(.closed).isEmpty)
        #expect((three.states[WatchTurnTests.shop]?.post.watch.sweptUntil ?? 0) > 0)
        let many = try told([nil, false, nil, nil, false, nil, nil, nil])
        #expect(many.tells(.escalation).map(\.rule) == ["account.unswept"])
        let facts = many.tells(.escalation).first?.event.told.facts ?? ""
        #expect(facts.contains("code 100") && facts.contains("\(start)"), "\(facts)")
        #expect(many.states[WatchTurnTests.shop]?.post.watch.sweptUntil == 0)
        let again = try told([nil, nil, nil, nil, true, nil, nil, nil, nil, true])
        #expect(again.tells(.escalation).count == 2 && again.tells(.closed).count == 2)
    }

    @Test(
        "a sweep of which nobody can tell what became of it counts as refused; one that was never made does not",
        arguments: [(Outcome.Status.ambiguous, 1), (.failed, 1), (.expired, 0)])
    func unclear(_ status: Outcome.Status, tells: Int) throws {
        var scene = WatchTurnTests.scene()
        try scene.take(WatchTurnTests.command("w1", at: .november(20, 10)), at: .november(20, 10))
        try Self.ends(&scene, [false, false, false, false, false], refused: status)
        #expect(scene.tells(.escalation).map(\.rule) == Array(repeating: "account.unswept", count: tells))
    }

    @Test("what a piece of a sweep missed keeps the whole of it from counting")
    func spoiltPiece() throws {
        var scene = WatchTurnTests.scene()
        let start = Instant.november(20, 10)
        try scene.take(WatchTurnTests.command("w1", "now", at: start), at: start)
        let first = try #require(WatchTurnTests.sweeps(scene).first)
        try scene.take(
            WatchTurnTests.fetched(first, at: start) {
                $0.resume = "post7"
                $0.text = "http 500"
            }, at: start + .seconds(20))
        let second = try #require(WatchTurnTests.sweeps(scene).last)
        try scene.take(WatchTurnTests.fetched(second, at: start) { $0.until = second.until }, at: start + .seconds(40))
        #expect(scene.rules.last == "sweep.refused")
        #expect(scene.states[WatchTurnTests.shop]?.post.watch.sweptUntil == 0)
        // The next one begins anew.
        try scene.advance(to: start + .seconds(700))
        let third = try #require(WatchTurnTests.sweeps(scene).last)
        #expect(third.actionID != second.actionID && third.resume.isEmpty)
        try scene.take(WatchTurnTests.fetched(third, at: start) { $0.until = third.until }, at: scene.now)
        #expect(scene.states[WatchTurnTests.shop]?.post.watch.sweptUntil == third.until)
    }

    @Test("looks that are refused three times in a row are told once, and the matter ends when nothing else stands")
    func looksRefused() throws {
        var scene = WatchTurnTests.scene()
        try Self.looks(
            &scene,
            ["-", "-", "", "-", "-", "-", "-", ""].map { answer in
                { $0.refused = answer == "-" }
            })
        #expect(scene.tells(.escalation).map(\.rule) == ["account.unwatched"])
        #expect(scene.tells(.closed).count == 1)
        // While a sweep is refused too, its matter is not closed by webhooks that come.
        var both = WatchTurnTests.scene()
        let start = Instant.november(20, 10)
        try both.take(WatchTurnTests.command("w0", at: start), at: start)
        try Self.ends(&both, [false, false, false, false])
        try Self.looks(&both, ["feed", ""].map { missing in { $0.text = missing } })
        #expect(both.tells(.escalation).count == 2 && both.tells(.closed).isEmpty)
    }

    @Test("a block and a warning of the platform call the account's desk, and the block's matter ends with it")
    func enforced() throws {
        var scene = WatchTurnTests.scene()
        let start = Instant.november(20, 10)
        for (number, word) in ["warning too many links", "block spam", "unblock spam", "unblock spam"].enumerated() {
            let at = start + .seconds(Int64(number))
            var event = WatchTurnTests.command("e\(number)", word, at: at)
            event.command.verb = .enforced
            try scene.take(event, at: at)
        }
        let tells = scene.tells(.escalation)
        #expect(tells.map(\.rule) == ["account.enforced", "account.enforced"])
        #expect(tells.allSatisfy { $0.class == .safety && $0.event.told.facts.contains("shop") })
        #expect(tells.last?.event.told.facts.contains("spam") == true)
        #expect(scene.tells(.closed).count == 1)
    }

    private static func enforcement(_ id: String, _ word: String, at: Instant) -> Event {
        var event = WatchTurnTests.command(id, word, at: at)
        event.command.verb = .enforced
        return event
    }

    @Test(
        "a block that the platform never takes back ends with our own stop of the account, with sweeps and without",
        arguments: [Duration.seconds(3_600), nil] as [Duration?])
    func lapses(_ sweep: Duration?) throws {
        var scene = WatchTurnTests.scene(sweep: sweep)
        let start = Instant.november(1, 10)
        try scene.take(WatchTurnTests.command("w1", at: start), at: start)
        try scene.take(Self.enforcement("e1", "block spam", at: start), at: start + .seconds(60))
        // Said again, it holds for longer.
        let again = start + .seconds(86_400)
        try scene.take(Self.enforcement("e2", "block spam", at: again), at: again)
        let end = again + PlatformBlock.lasts
        func watch() -> AccountWatch { scene.states[WatchTurnTests.shop]?.post.watch ?? AccountWatch() }
        /// Every sweep is whole, so that nothing else is told.
        func pass(to instant: Instant) throws {
            while scene.now < instant {
                try scene.advance(to: min(instant, scene.now + .seconds(3_600)))
                guard watch().askedAt != 0, let asked = WatchTurnTests.sweeps(scene).last else { continue }
                try scene.take(WatchTurnTests.fetched(asked, at: scene.now) { $0.until = asked.until }, at: scene.now)
            }
        }
        try pass(to: end - .milliseconds(1))
        #expect(watch().enforced && scene.tells(.closed).isEmpty)
        let before = scene.rules.filter { $0 == "sweep" }.count
        try pass(to: end)
        #expect(!watch().enforced && watch().enforcedUntil == 0)
        let told = scene.tells(.closed)
        #expect(told.count == 1 && told.first?.event.told.facts.contains("30 days ago") == true)
        #expect(scene.rules.contains("enforced.lapsed"))
        // One row of sweeps goes on, an hour apart.
        try pass(to: end + .seconds(10 * 3_600))
        #expect(scene.rules.filter { $0 == "sweep" }.count - before == (sweep == nil ? 0 : 10))
        #expect(scene.states[WatchTurnTests.shop]?.timers.count == (sweep == nil ? 0 : 1))
    }

    @Test("a block that an older worker took ends as long after it is seen; one that is taken back leaves no timer")
    func olderBlock() throws {
        var scene = WatchTurnTests.scene(sweep: .seconds(3_600))
        let start = Instant.november(1, 10)
        try scene.take(WatchTurnTests.command("w1", at: start), at: start)
        scene.states[WatchTurnTests.shop]?.post.watch.enforced = true
        try scene.advance(to: start + .seconds(3_600))
        let until = scene.states[WatchTurnTests.shop]?.post.watch.enforcedUntil ?? 0
        #expect(until > (start + PlatformBlock.lasts).milliseconds)
        #expect(scene.states[WatchTurnTests.shop]?.timers.count == 2)
        try scene.take(Self.enforcement("e1", "unblock spam", at: scene.now), at: scene.now)
        #expect(scene.tells(.closed).count == 1)
        #expect(scene.states[WatchTurnTests.shop]?.timers.contains { $0.dueAt == until } == false)
        #expect(scene.states[WatchTurnTests.shop]?.timers.count == 1)
    }
}
