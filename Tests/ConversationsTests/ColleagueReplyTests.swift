import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("A public reply of the account below a comment")
struct ColleagueReplyTests {
    private static let asked = Instant.november(19, 20)

    /// Somebody asked in the evening under a post; the automatic text is on its way.
    private static func asking() throws -> (Scene, Action) {
        var policy = TestPolicy()
        policy.answersComments = true
        var scene = Scene(policy.built())
        try scene.take(.comment("c1", "is it blue?", at: asked), at: asked)
        return (scene, try #require(scene.texts(.reply).first))
    }

    private static func own(_ id: String, _ text: String, at instant: Instant) -> Event {
        .comment(id, text, at: instant, by: "shop", under: "c1")
    }

    private static func outcome(
        _ action: Action, _ status: Outcome.Status = .delivered, id: String = ""
    ) -> Event {
        .of("o:\(action.actionID)", at: asked, in: .thread) { event in
            event.outcome = Outcome.with {
                $0.action = action.actionID.description
                $0.status = status
                $0.providerID = id
            }
        }
    }

    /// Whether what was asked still waits for the team.
    private static func waits(_ scene: Scene) -> Bool {
        scene.openItems[.thread] != nil && scene.standings(.thread).allSatisfy { $0 != .kept }
    }

    @Test("by a colleague ends the waiting and keeps the promise as of its instant; nothing is broken afterwards")
    func colleague() throws {
        var (scene, reply) = try Self.asking()
        try scene.take(Self.outcome(reply, id: "r1"), at: .november(19, 20, 1))
        #expect(Self.waits(scene) && scene.standings(.thread) == [.binding])
        try scene.take(Self.own("r2", "Yes, from Monday on.", at: .november(19, 21)), at: .november(19, 22))
        #expect(scene.rules.last == "colleague_reply")
        #expect(scene.openItems[.thread] == nil && scene.standings(.thread) == [.kept])
        try scene.advance(to: .november(20, 18))
        #expect(scene.tells(.escalation).isEmpty && scene.tells(.brokenPromise).isEmpty)
        // The next words ask anew.
        try scene.take(.comment("c2", "and how?", at: .november(20, 18), under: "c1"), at: .november(20, 18))
        #expect(scene.openItems[.thread] != nil)
    }

    @Test("by a colleague stops an automatic text that is still under way")
    func stops() throws {
        var scene = Scene()
        try scene.take(.comment("c1", "how much?", at: .november(19, 10)), at: .november(19, 10))
        let answer = try #require(scene.texts(.reply).first)
        try scene.take(Self.own("r2", "Ten euros", at: .november(19, 10, 1)), at: .november(19, 10, 1))
        #expect(scene.rules.last == "own_words.unclear" && scene.cancels.isEmpty)
        try scene.advance(to: .november(19, 10, 4))
        try scene.take(
            .comment("c2", "thanks, and blue?", at: .november(19, 10, 4), under: "c1"), at: .november(19, 10, 4))
        #expect(scene.cancels.first == answer.actionID)
        #expect(scene.talk(.thread).unclearReplies.isEmpty)
    }

    @Test("by us is ours, whichever of webhook and outcome comes first, also where the platform changed our words")
    func ours() throws {
        for changed in [false, true] {
            for isWebhookFirst in [false, true] {
                var (scene, reply) = try Self.asking()
                let text = changed ? "something else" : reply.text.split(separator: " ").joined(separator: "\u{a0} ")
                let events = [
                    Self.own("r1", text, at: .november(19, 20, 1)), Self.outcome(reply, id: "r1"),
                ]
                for event in isWebhookFirst ? events : events.reversed() {
                    try scene.take(event, at: .november(19, 20, 1))
                }
                #expect(Self.waits(scene), "\(changed) \(isWebhookFirst)")
                #expect(scene.talk(.thread).unclearReplies.isEmpty)
                #expect(scene.rules.contains("own_words.unclear") == (changed && isWebhookFirst))
                // A colleague's, which comes later, is told from it.
                try scene.take(Self.own("r2", "Yes", at: .november(19, 21)), at: .november(19, 21))
                #expect(scene.rules.last == "colleague_reply" && scene.standings(.thread) == [.kept])
            }
        }
    }

    @Test("that comes while one of ours has no outcome is a colleague's once that is another one, or never was made")
    func held() throws {
        for status in [Outcome.Status.delivered, .failed, .expired] {
            var (scene, reply) = try Self.asking()
            try scene.take(Self.own("r2", "Yes", at: .november(19, 20, 1)), at: .november(19, 20, 1))
            #expect(Self.waits(scene) && scene.rules.last == "own_words.unclear")
            try scene.take(
                Self.outcome(reply, status, id: status == .delivered ? "r1" : ""), at: .november(19, 20, 1))
            #expect(scene.openItems[.thread] == nil, "\(status)")
        }
    }

    @Test(
        "whose outcome is lost is ours by its words; what else came meanwhile is nobody's, and the team still sees it"
    )
    func lost() throws {
        var (scene, reply) = try Self.asking()
        try scene.take(Self.outcome(reply, .ambiguous), at: .november(19, 20, 1))
        try scene.take(Self.own("r1", reply.text, at: .november(19, 20, 1)), at: .november(19, 20, 2))
        #expect(Self.waits(scene) && scene.rules.last == "own_words")

        (scene, reply) = try Self.asking()
        try scene.take(Self.own("r1", "something else", at: .november(19, 20, 1)), at: .november(19, 20, 1))
        try scene.take(Self.outcome(reply, .ambiguous), at: .november(19, 20, 1))
        #expect(Self.waits(scene))
    }

    @Test("that nobody could tell of for two minutes is a colleague's before a promise is looked at")
    func unsettled() throws {
        var (scene, _) = try Self.asking()
        try scene.take(Self.own("r2", "Yes", at: .november(19, 20, 1)), at: .november(19, 20, 1))
        #expect(Self.waits(scene))
        try scene.advance(to: .november(20, 18))
        #expect(scene.tells(.escalation).isEmpty && scene.tells(.brokenPromise).isEmpty)
        #expect(scene.openItems[.thread] == nil)
    }

    @Test(
        "that stands there within three seconds is another automation's; one of before the newest comment answers older ones"
    )
    func others() throws {
        var (scene, reply) = try Self.asking()
        try scene.take(Self.outcome(reply, id: "r1"), at: .november(19, 20, 0, 1))
        try scene.take(Self.own("r2", "Thanks!", at: .november(19, 20, 0, 2)), at: .november(19, 20, 0, 3))
        #expect(scene.rules.last == "own_words.automatic" && Self.waits(scene))
        try scene.take(.comment("c2", "anyone?", at: .november(19, 21), under: "c1"), at: .november(19, 21))
        try scene.take(Self.own("r3", "Yes", at: .november(19, 20, 30)), at: .november(19, 21, 1))
        #expect(scene.openItems[.thread] != nil)
    }

    @Test("is the only one that counts: the account's own comments beside others answer nobody")
    func beside() throws {
        var (scene, reply) = try Self.asking()
        try scene.take(Self.outcome(reply, id: "r1"), at: .november(19, 20, 1))
        try scene.take(.comment("c9", "News!", at: .november(19, 21), by: "shop"), at: .november(19, 21))
        #expect(scene.rules.last == "own_words" && Self.waits(scene))
    }
}
