import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("An account asks for what its webhooks left out")
struct WatchTurnTests {
    static let shop = EntityID.watch(of: "shop")

    static func scene(sweep: Duration? = .seconds(600)) -> Scene {
        Scene(TestPolicy(sweep: sweep).built())
    }

    static func command(_ id: String, _ subject: String = "", at: Instant) -> Event {
        var event = Event.of(id, at: at, contact: "")
        event.conversation = shop.text
        event.command.verb = .sweep
        event.command.subject = subject
        return event
    }

    static func fetched(
        _ action: Action, at: Instant, _ fill: (inout Fetched) -> Void
    ) -> Event {
        var event = Event.of("fetched.\(action.actionID)", at: at, contact: "")
        event.conversation = shop.text
        event.fetched.action = action.actionID.description
        event.fetched.subject = action.subject
        fill(&event.fetched)
        return event
    }

    static func sweeps(_ scene: Scene) -> [Action] {
        scene.actions.filter { $0.subject == FetchSubject.comments.rawValue }
    }

    @Test("a sweep asks for all since the last one that was completed, so an outage is filled in")
    func sinceTheLast() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", at: start), at: start)
        try scene.advance(to: start + .seconds(1_201))
        let first = try #require(Self.sweeps(scene).first)
        #expect(first.kind == .fetch && first.class == .background && first.account == "shop")
        #expect(first.until == first.decidedAt - 60_000)
        #expect(first.since == start.milliseconds && first.earliest == first.since)
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

    @Test("sweeps begin with the watch: what came before the account was connected is not asked for, at first or later")
    func beginning() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", at: start), at: start)
        // Asked for at once, there is nothing yet to look for.
        try scene.take(Self.command("w2", "now", at: start), at: start + .seconds(59))
        #expect(Self.sweeps(scene).isEmpty)
        // Told of again, it began when it did.
        try scene.take(Self.command("w3", at: start), at: start + .seconds(300))
        // One that fails each half a day.
        for half in 1...20 {
            try scene.advance(to: start + .seconds(Int64(half) * 43_200))
            try scene.settle(try #require(Self.sweeps(scene).last), .failed)
        }
        let sweeps = Self.sweeps(scene)
        #expect(sweeps.count > 20 && sweeps.allSatisfy { $0.earliest == start.milliseconds })
        let early = sweeps.filter { $0.until < (start + .seconds(7 * 86_400)).milliseconds }
        #expect(early.count > 10 && early.allSatisfy { $0.since == start.milliseconds })
        let last = try #require(sweeps.last)
        #expect(last.since == last.until - 7 * 86_400_000, "and never further back than a private reply is possible")
    }

    @Test("an account that a person asks of before it is watched is looked at back to where a reply is possible")
    func askedBefore() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        try scene.take(Self.command("w2", at: start), at: start + .seconds(60))
        let first = try #require(Self.sweeps(scene).first)
        #expect(first.since == first.until - 7 * 86_400_000 && first.earliest == 0)
        #expect(scene.states[Self.shop]?.post.watch.beganAt == 0)
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

    @Test("a sweep that somebody asks for covers a day at the least, whatever was swept already")
    func asked() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        let first = try #require(Self.sweeps(scene).first)
        try scene.take(Self.fetched(first, at: start) { $0.until = first.until }, at: start + .seconds(20))
        let later = start + .seconds(300)
        try scene.take(Self.command("w2", "now", at: later), at: later)
        let second = try #require(Self.sweeps(scene).last)
        #expect(second.actionID != first.actionID && second.until - second.since == 86_400_000)
    }

    @Test(
        "asked for while one is under way, one more sweep follows it and covers a day, however the first one ends",
        arguments: [Outcome.Status.delivered, .failed, .expired])
    func askedMeanwhile(_ status: Outcome.Status) throws {
        var policy = TestPolicy(sweep: .seconds(600))
        policy.sweepsMessages = true
        var scene = Scene(policy.built())
        func messages() -> [Action] { scene.actions.filter { $0.subject == FetchSubject.messages.rawValue } }
        func end(_ sweep: Action, at: Instant) throws {
            if status == .delivered {
                try scene.take(Self.fetched(sweep, at: at) { $0.until = sweep.until }, at: at)
            } else {
                try scene.settle(sweep, status, at: at)
            }
        }
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        for again in ["w2", "w3"] { try scene.take(Self.command(again, "now", at: start), at: start + .seconds(1)) }
        #expect(Self.sweeps(scene).count == 1 && messages().count == 1)
        let ended = start + .seconds(20)
        try end(try #require(Self.sweeps(scene).first), at: ended)
        let second = try #require(Self.sweeps(scene).last)
        #expect(Self.sweeps(scene).count == 2 && second.until == ended.milliseconds - 60_000)
        #expect(second.until - second.since >= 86_400_000)
        #expect(messages().count == 1, "that of messages is under way still")
        try end(try #require(messages().first), at: ended + .seconds(1))
        #expect(messages().count == 2)
        // Twice asked for is once more, and nothing is owed afterwards.
        try end(second, at: ended + .seconds(2))
        try end(try #require(messages().last), at: ended + .seconds(2))
        #expect(Self.sweeps(scene).count == 2 && messages().count == 2)
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

    @Test("what a paused account gathers is one look at its webhooks and one sweep: each ends when the next one is due")
    func gathersNothing() throws {
        var scene = Self.scene()
        let start = Instant.november(20, 10)
        try scene.take(Self.command("w1", "now", at: start), at: start)
        // A day in which nothing goes out; the courier settles as expired what has reached its end.
        var settled: Set<ActionID> = []
        for minute in 1...(24 * 60) {
            let now = start + .seconds(Int64(minute) * 60)
            try scene.advance(to: now)
            let open = scene.actions.filter { !settled.contains($0.actionID) }
            for action in open where action.notAfter <= now.milliseconds {
                settled.insert(action.actionID)
                try scene.settle(action, .expired, at: now)
            }
            let waiting = scene.actions.filter { !settled.contains($0.actionID) }.map(\.subject)
            #expect(waiting.allSatisfy { !$0.isEmpty } && Set(waiting).count == waiting.count, "\(now): \(waiting)")
        }
        #expect(Self.sweeps(scene).count >= 4 && scene.tells(.escalation).isEmpty)
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

    @Test("a swept comment behind which the account has written is the team's, and nothing automatic answers it")
    func answeredComment() throws {
        let at = Instant.november(20, 10)
        for isAnswered in [false, true] {
            var scene = Self.scene()
            var event = Event.comment("c1", "how much?", at: at)
            event.swept = true
            event.comment.answeredSince = isAnswered
            try scene.take(event, at: at + .seconds(90))
            #expect((scene.rules.last == "swept.answered_since") == isAnswered)
            let said = scene.actions.filter { $0.kind == .reply || $0.kind == .privateReply }
            #expect(said.isEmpty == isAnswered)
            if isAnswered { #expect(scene.openItems[.thread]?.late == true) }
        }
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
