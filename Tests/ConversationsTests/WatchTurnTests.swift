import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("An account asks for what its webhooks left out")
struct WatchTurnTests {
    private static let shop = EntityID.watch(of: "shop")

    private static func scene(sweep: Duration? = .seconds(600)) -> Scene {
        Scene(TestPolicy(sweep: sweep).built())
    }

    private static func command(_ id: String, _ subject: String = "", at: Instant) -> Event {
        var event = Event.of(id, at: at, contact: "")
        event.conversation = shop.text
        event.command.verb = .sweep
        event.command.subject = subject
        return event
    }

    private static func fetched(
        _ action: Action, at: Instant, _ fill: (inout Fetched) -> Void
    ) -> Event {
        var event = Event.of("fetched.\(action.actionID)", at: at, contact: "")
        event.conversation = shop.text
        event.fetched.action = action.actionID.description
        event.fetched.subject = action.subject
        fill(&event.fetched)
        return event
    }

    private static func sweeps(_ scene: Scene) -> [Action] {
        scene.actions.filter { $0.subject == FetchSubject.comments.rawValue }
    }

    @Test("a sweep asks for all since the last one that was completed, so an outage is filled in")
    func sinceTheLast() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", at: start), at: start)
        try scene.advance(to: start + .seconds(601))
        let first = try #require(Self.sweeps(scene).first)
        #expect(first.kind == .fetch && first.class == .background && first.account == "shop")
        #expect(first.until == first.decidedAt - 60_000)
        #expect(first.since == first.until - 7 * 86_400_000)
        let answered = Instant(milliseconds: first.decidedAt + 1_000)
        try scene.take(Self.fetched(first, at: answered) { $0.until = first.until }, at: answered)
        try scene.settle(first, at: answered)

        // Two hours in which nothing could be asked: every sweep fails.
        var failed = 0
        while scene.now < answered + .seconds(7_200) {
            try scene.advance(to: scene.now + .seconds(600))
            for sweep in Self.sweeps(scene).dropFirst(1 + failed) {
                failed += 1
                try scene.settle(sweep, .failed)
            }
        }
        #expect(failed > 6)
        try scene.advance(to: scene.now + .seconds(600))
        let last = try #require(Self.sweeps(scene).last)
        #expect(last.since == first.until)
        #expect(last.until > first.until + 7_200_000)
    }

    @Test("one sweep of an account is under way at a time; one that was lost does not stop the rest")
    func oneAtATime() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        try scene.take(Self.command("w2", "now", at: start), at: start + .seconds(1))
        try scene.advance(to: start + .seconds(7_200))
        #expect(Self.sweeps(scene).count == 1)
        try scene.advance(to: start + .seconds(7 * 3_600))
        #expect(Self.sweeps(scene).count == 2)
    }

    @Test("a sweep in pieces goes on where it ended, and only the last piece moves the mark")
    func pieces() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let first = try #require(Self.sweeps(scene).first)
        try scene.take(
            Self.fetched(first, at: start) { $0.resume = "post7" }, at: start + .seconds(20))
        let second = try #require(Self.sweeps(scene).last)
        #expect(second.resume == "post7" && second.since == first.since && second.until == first.until)
        #expect(scene.states[Self.shop]?.post.watch.sweptUntil == 0)
        try scene.take(
            Self.fetched(second, at: start) { $0.until = second.until }, at: start + .seconds(40))
        #expect(scene.states[Self.shop]?.post.watch.sweptUntil == first.until)
        // An answer that nobody waits for any more changes nothing.
        try scene.take(
            Event.of("late", at: start, in: Self.shop) {
                $0.fetched = Fetched.with {
                    $0.action = first.actionID.description
                    $0.subject = FetchSubject.comments.rawValue
                    $0.until = first.until + 999_999
                }
            }, at: start + .seconds(50))
        #expect(scene.states[Self.shop]?.post.watch.sweptUntil == first.until)
    }

    @Test("webhooks that did not come are told to the desk once, until they come again")
    func subscriptions() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let asked = try #require(scene.actions.first { $0.subject == FetchSubject.subscriptions.rawValue })
        for number in 0..<3 {
            let at = start + .seconds(Int64(number + 1))
            try scene.take(
                Event.of("s\(number)", at: at, in: Self.shop) {
                    $0.fetched = Fetched.with {
                        $0.action = asked.actionID.description
                        $0.subject = asked.subject
                        $0.text = "feed messages"
                    }
                }, at: at)
        }
        let tells = scene.tells(.escalation)
        #expect(tells.count == 1)
        #expect(tells.first?.event.told.facts.contains("feed messages") == true)
    }

    @Test("what was subscribed again is told once, and its matter ends with the first look that finds everything")
    func restored() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let asked = try #require(scene.actions.first { $0.subject == FetchSubject.subscriptions.rawValue })
        for (number, missing) in ["feed", "feed", "", "", "feed"].enumerated() {
            let at = start + .seconds(Int64(number + 1))
            try scene.take(
                Event.of("s\(number)", at: at, in: Self.shop) {
                    $0.fetched.action = asked.actionID.description
                    $0.fetched.subject = asked.subject
                    $0.fetched.text = missing
                    $0.fetched.restored = !missing.isEmpty
                }, at: at)
        }
        #expect(scene.tells(.escalation).count == 2, "the first loss and the one after all was well")
        #expect(scene.tells(.closed).count == 1)
    }

    @Test("apps among which ours cannot be told are told to the desk once, and are not the same as missing webhooks")
    func unsure() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let asked = try #require(scene.actions.first { $0.subject == FetchSubject.subscriptions.rawValue })
        for (number, isUnsure) in [true, true, false, true].enumerated() {
            let at = start + .seconds(Int64(number + 1))
            try scene.take(
                Event.of("s\(number)", at: at, in: Self.shop) {
                    $0.fetched.action = asked.actionID.description
                    $0.fetched.subject = asked.subject
                    $0.fetched.unsure = isUnsure
                }, at: at)
        }
        let tells = scene.tells(.escalation)
        #expect(tells.map(\.rule) == ["account.app_unknown", "account.app_unknown"])
        #expect(tells.allSatisfy { $0.event.told.facts.contains("accounts.yaml") })
    }

    @Test("webhooks are watched once an hour where sweeps are off, and nothing is swept")
    func watchedWithoutSweeps() throws {
        var policy = TestPolicy()
        policy.watchesSubscriptions = true
        var scene = Scene(policy.built())
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", at: start), at: start)
        try scene.advance(to: start + .seconds(5 * 3_600 - 1))
        let asked = scene.actions.filter { $0.kind == .fetch }
        #expect((4...5).contains(asked.count))
        #expect(asked.allSatisfy { $0.subject == FetchSubject.subscriptions.rawValue })
    }

    @Test("without the setting nothing is swept")
    func off() throws {
        var scene = Self.scene(sweep: nil)
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", at: start), at: start)
        try scene.advance(to: start + .seconds(86_400))
        #expect(scene.actions.isEmpty)
    }

    @Test("a swept comment that its conversation knows is noted, and one that it does not is decided")
    func sweptComment() throws {
        var scene = Self.scene()
        let at = Instant.november(20, 10)
        try scene.take(.comment("c1", "how much", at: at), at: at)
        let before = scene.actions.count
        var changed = Event.comment("c1", "how much please", at: at)
        changed.id = "c:c1:changed"
        changed.swept = true
        try scene.take(changed, at: at + .seconds(60))
        #expect(scene.rules.last == DecisionResult.sweptKnown && scene.actions.count == before)
        var other = Event.comment("c2", "how much", at: at, by: "ed")
        other.swept = true
        try scene.take(other, at: at + .seconds(60))
        #expect(scene.rules.last != DecisionResult.sweptKnown)
    }

    @Test("direct messages are asked for where the channel's file says so, with a mark of their own")
    func messages() throws {
        var policy = TestPolicy(sweep: .seconds(600))
        policy.sweepsMessages = true
        var scene = Scene(policy.built())
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let comments = try #require(Self.sweeps(scene).first)
        func sweeps() -> [Action] { scene.actions.filter { $0.subject == FetchSubject.messages.rawValue } }
        let first = try #require(sweeps().first)
        #expect(first.actionID != comments.actionID && first.orderKey != comments.orderKey)
        #expect(first.since == first.until - 7 * 86_400_000)
        let answered = start + .seconds(30)
        try scene.take(Self.fetched(first, at: answered) { $0.resume = "cursor" }, at: answered)
        let second = try #require(sweeps().last)
        #expect(second.resume == "cursor" && second.since == first.since && second.until == first.until)
        try scene.take(Self.fetched(second, at: answered) { $0.until = second.until }, at: answered)
        #expect(scene.rules.last == "swept")
        // That of comments is under way still, and its failure is its own.
        #expect(scene.states[Self.shop]?.post.watch.askedAt != 0)
        try scene.settle(comments, .failed)
        #expect(scene.states[Self.shop]?.post.watch.askedAt == 0)
        try scene.advance(to: start + .seconds(1_300))
        let next = try #require(sweeps().last)
        #expect(next.since == first.until - 900_000, "it looks back a little: a conversation may have moved meanwhile")
    }

    @Test("without it no direct messages are asked for")
    func noMessages() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        try scene.advance(to: start + .seconds(1_300))
        #expect(!scene.actions.contains { $0.subject == FetchSubject.messages.rawValue })
    }
}

@Suite("Who a customer is")
struct ProfileTests {
    private static func profile(_ action: Action, locale: String, offset: String, at: Instant) -> Event {
        Event.of("f.\(action.actionID)", at: at, in: .anna) {
            $0.fetched = Fetched.with {
                $0.action = action.actionID.description
                $0.subject = FetchSubject.profile.rawValue
                $0.author = "Anna"
                $0.locale = locale
                $0.utcOffset = offset
            }
        }
    }

    @Test("the profile is asked for once in thirty days, behind everything else")
    func askedOnce() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        for day in [2, 3, 10] {
            try scene.take(.message("m\(day)", "Hello", at: .november(day, 10)), at: .november(day, 10))
        }
        let asked = scene.actions.filter { $0.kind == .fetch }
        #expect(asked.count == 1)
        #expect(asked.first?.class == .background && asked.first?.contact == "anna")
        #expect(asked.first?.orderKey != EntityID.anna.text)
    }

    @Test("an offset that no clock has is none, and a profile that nobody asked for changes nothing")
    func absurd() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        let at = Instant.november(20, 10)
        var action = Action()
        action.actionID = ActionID(high: 1, low: 2)
        try scene.take(Self.profile(action, locale: "fi_FI", offset: "60", at: at), at: at)
        #expect(!scene.talk().hasLanguage && scene.talk().firstName.isEmpty)
        try scene.take(.message("m1", "Hi", at: at), at: at)
        let asked = try #require(scene.actions.first { $0.kind == .fetch })
        for offset in ["9223372036854775807", "-9000000000000000000", "901", "x"] {
            try scene.take(
                Self.profile(asked, locale: "", offset: offset, at: at + .seconds(1)), at: at + .seconds(1))
            #expect(!scene.talk().hasZone)
        }
    }

    @Test("it is evidence of language and zone, weaker than what the customer writes")
    func evidence() throws {
        var scene = Scene(TestPolicy(asksProfiles: true).built())
        let at = Instant.november(20, 10)
        try scene.take(.message("m1", "Moi", at: at), at: at)
        let asked = try #require(scene.actions.first { $0.kind == .fetch })
        try scene.take(Self.profile(asked, locale: "fi_FI", offset: "120", at: at), at: at)
        #expect(scene.talk().language.value == "fi" && scene.talk().language.provenance == .profile)
        #expect(scene.talk().firstName == "Anna")
        // No zone of this policy has the offset, so there is no evidence.
        #expect(!scene.talk().hasZone)
        try scene.take(
            .message("m2", "how much for half the same size bag", at: at + .seconds(60)), at: at + .seconds(60))
        #expect(!scene.talk().hasLanguage || scene.talk().language.provenance == .text)
    }

    @Test("without the setting nobody is asked")
    func off() throws {
        var scene = Scene()
        try scene.take(.message("m1", "Hello", at: .november(20, 10)), at: .november(20, 10))
        #expect(!scene.actions.contains { $0.kind == .fetch })
    }
}
