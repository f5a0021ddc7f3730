import BusinessTime
import Contracts
import Conversations
import Instants
import Testing

@Suite("A promise")
struct PromiseTests {
    /// Anna writes on Thursday evening; the promise is due on Friday at ten and its text is delivered.
    private func promised(settling status: Outcome.Status? = .delivered) throws -> Scene {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        if let status { try scene.settle(try #require(scene.texts().first), status) }
        return scene
    }

    @Test(
        "edge case 51: binds when its text was or may have been delivered",
        arguments: [Outcome.Status.delivered, .ambiguous])
    func binds(status: Outcome.Status) throws {
        let scene = try promised(settling: status)
        #expect(scene.standings() == [.binding])
    }

    @Test(
        "is void when its text surely was not",
        arguments: [Outcome.Status.failed, .expired, .windowClosed, .cancelled])
    func void(status: Outcome.Status) throws {
        var scene = try promised(settling: status)
        #expect(scene.standings() == [.void])
        try scene.advance(to: .november(23, 12))
        #expect(scene.tells(.brokenPromise).isEmpty)
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("calls a person before it breaks, and tells when it does")
    func breaks() throws {
        var scene = try promised()
        try scene.advance(to: .november(20, 9, 30))
        #expect(scene.rules.last == "promise.pre_breach")
        #expect(scene.tells(.escalation).map(\.decidedAt) == [Instant.november(20, 9, 30).milliseconds])
        #expect(scene.tells(.escalation).first?.event.told.dueAt == Instant.november(20, 10).milliseconds)
        try scene.advance(to: .november(20, 10))
        #expect(scene.rules.last == "promise.due")
        #expect(scene.standings() == [.broken])
        #expect(scene.tells(.brokenPromise).count == 1)
        #expect(scene.states[.anna]?.earliestTimer == nil)
        #expect(scene.openItems[.anna]?.escalated == true)
    }

    @Test("calls a person by the wall lead when it is made with less working time than the lead")
    func shortLead() throws {
        var policy = TestPolicy()
        policy.target = .seconds(60)
        var scene = Scene(policy.built())
        // Due 09:30 after rounding up; the working lead of 30 minutes ends at 09:00, before the message.
        try scene.take(.message("m1", "hello?", at: .november(20, 8, 59)), at: .november(20, 8, 59))
        #expect(scene.states[.anna]?.timers.map(\.dueAt).min() == Instant.november(20, 9).milliseconds)
        policy.target = .zero
        var sudden = Scene(policy.built())
        try sudden.take(.message("m1", "hello?", at: .november(20, 8, 50)), at: .november(20, 8, 50))
        // Due at the opening itself, ten minutes away: there is only the breach.
        #expect(sudden.states[.anna]?.timers.map(\.kind) == [.promiseDue])
    }

    @Test("is kept by a person's delivered reply, as of the instant at which it stood in the log")
    func kept() throws {
        var scene = try promised()
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 10)), at: .november(20, 9, 10))
        #expect(scene.standings() == [.binding])
        try scene.settle(try #require(scene.texts().last), at: .november(20, 9, 11))
        #expect(scene.standings() == [.kept])
        #expect(scene.states[.anna]?.timers.isEmpty == true)
        #expect(scene.openItems[.anna] == nil)
        #expect(scene.tells(.escalation).isEmpty)
    }

    @Test("is held by a reply that is being sent when it comes due, and kept by its late delivery")
    func held() throws {
        var scene = try promised()
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 58)), at: .november(20, 9, 58))
        try scene.advance(to: .november(20, 10, 10))
        #expect(scene.rules.last == "promise.held")
        try scene.settle(try #require(scene.texts().last), at: .november(20, 10, 11))
        #expect(scene.standings() == [.kept])
        #expect(scene.tells(.brokenPromise).isEmpty)
    }

    @Test("breaks when the reply that held it surely failed after it was due")
    func heldThenFailed() throws {
        var scene = try promised()
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 58)), at: .november(20, 9, 58))
        try scene.advance(to: .november(20, 10, 10))
        try scene.settle(try #require(scene.texts().last), .failed, at: .november(20, 10, 11))
        #expect(scene.standings() == [.broken])
        #expect(scene.tells(.brokenPromise).count == 1)
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("calls a person when the reply that held it fails after the lead has passed")
    func failedInsideLead() throws {
        var scene = try promised()
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 20)), at: .november(20, 9, 20))
        try scene.advance(to: .november(20, 9, 40))
        #expect(scene.tells(.escalation).isEmpty)
        try scene.settle(try #require(scene.texts().last), .failed, at: .november(20, 9, 41))
        #expect(scene.tells(.escalation).count == 1)
        #expect(scene.standings() == [.binding])
    }

    @Test("is not kept by a reply of which nobody can tell, unless its echo comes")
    func ambiguousReply() throws {
        var scene = try promised()
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 20)), at: .november(20, 9, 20))
        let reply = try #require(scene.texts().last)
        try scene.settle(reply, .ambiguous, at: .november(20, 9, 25))
        #expect(scene.standings() == [.binding])
        var late = scene
        try scene.take(
            .echo("e", at: .november(20, 9, 26), metadata: "ns1:de-berlin.0:\(reply.actionID)"),
            at: .november(20, 9, 26))
        #expect(scene.standings() == [.kept])
        #expect(scene.openItems[.anna] == nil)
        try late.advance(to: .november(20, 10))
        #expect(late.standings() == [.broken])
    }

    @Test("edge case 53: is kept by a reply that stood in the log before it, though the lane is twenty minutes behind")
    func laneBehind() throws {
        var scene = Scene()
        let late = Duration.seconds(1_200)
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20), delay: late)
        try scene.settle(try #require(scene.texts().first), at: .november(19, 20, 1))
        try scene.take(.reply("r1", "Hi", at: .november(20, 9, 58)), at: .november(20, 9, 58), delay: late)
        try scene.advance(to: .november(20, 10), delay: late)
        try scene.settle(try #require(scene.texts().last), at: .november(20, 10, 1))
        #expect(scene.standings() == [.kept])
    }

    @Test("edge case 19: is kept from the platform's own inbox, and the thread is then that person's")
    func inbox() throws {
        var scene = try promised()
        try scene.take(.echo("e1", at: .november(20, 8, 30), inbox: true), at: .november(20, 8, 30))
        #expect(scene.rules.last == "inbox_echo")
        #expect(scene.standings() == [.kept])
        #expect(scene.openItems[.anna] == nil)
        try scene.take(.message("m2", "thanks, and?", at: .november(20, 18)), at: .november(20, 18))
        #expect(scene.rules.last == "suppressed.foreign")
    }

    @Test("is neither kept nor broken by claims, resolves and automatic answers")
    func notWords() throws {
        var scene = try promised()
        try scene.take(.of("c", at: .november(20, 9, 1)) { $0.claim.agent = "kim" }, at: .november(20, 9, 1))
        try scene.take(.of("r", at: .november(20, 9, 2)) { $0.resolve.agent = "kim" }, at: .november(20, 9, 2))
        try scene.take(.message("m2", "how much?", at: .november(20, 9, 3)), at: .november(20, 9, 3))
        #expect(scene.rules.last == "faq.price")
        try scene.settle(try #require(scene.texts().last))
        #expect(scene.standings() == [.binding])
        #expect(scene.openItems[.anna] != nil)
        try scene.advance(to: .november(20, 10))
        #expect(scene.standings() == [.broken])
    }

    @Test("whose text was stopped by a person's reply is void when nobody had tried to send it")
    func stopped() throws {
        var scene = try promised(settling: nil)
        try scene.take(.reply("r1", "Here I am", at: .november(19, 20, 1)), at: .november(19, 20, 1))
        #expect(scene.cancels == scene.texts().prefix(1).map(\.actionID))
        try scene.settle(try #require(scene.texts().last), .failed)
        try scene.advance(to: .november(20, 10))
        #expect(scene.standings() == [.void])
        #expect(scene.tells(.brokenPromise).isEmpty)
    }

    @Test("whose text was stopped after it may have gone binds: the reply that stopped it keeps it")
    func stoppedUnclear() throws {
        var scene = try promised(settling: nil)
        let text = try #require(scene.texts().last)
        try scene.take(.reply("r1", "Here I am", at: .november(19, 20, 1)), at: .november(19, 20, 1))
        #expect(scene.cancels == [text.actionID])
        try scene.settle(text, .ambiguous)
        #expect(scene.standings() == [.binding])
        try scene.settle(try #require(scene.texts().last))
        #expect(scene.standings() == [.kept])
    }

    @Test("that waits for its text's outcome past its instant is looked at again, and broken in the end")
    func noOutcome() throws {
        var scene = try promised(settling: nil)
        try scene.advance(to: .november(20, 10))
        #expect(scene.rules.last == "promise.unsettled")
        try scene.advance(to: .november(21, 12))
        #expect(scene.standings() == [.broken])
    }

    @Test("tells the desk that it is over when an escalated conversation is answered")
    func closesMatter() throws {
        var scene = try promised()
        try scene.advance(to: .november(20, 9, 30))
        try scene.take(.reply("r1", "Good morning", at: .november(20, 9, 40)), at: .november(20, 9, 40))
        try scene.settle(try #require(scene.texts().last))
        #expect(scene.tells(.closed).count == 1)
        let counts = scene.actions.filter { $0.kind == .tell }.map(\.event.told.decisions)
        #expect(counts == counts.sorted() && Set(counts).count == counts.count)
    }
}
