import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("Whom a desk called hears of the end")
struct NoticesTests {
    private static let matter = EntityID.matter(team: "berlin", conversation: .anna)
    private static let desk = EntityID.desk(team: "berlin")
    private static let start = Instant.november(20, 10)

    private static func told(
        _ matter: Told.Matter, _ decisions: UInt64, of conversation: EntityID = .anna, at: Instant = start
    ) -> Event {
        .of("t\(decisions)-\(conversation.text)", at: at, in: .matter(team: "berlin", conversation: conversation)) {
            $0.told.origin = conversation.text
            $0.told.decisions = decisions
            $0.told.matter = matter
            $0.told.rule = "promise.broken"
            $0.told.market = "de"
        }
    }

    private static func scene(digest: DigestPolicy? = nil) -> Scene {
        var policy = TestPolicy()
        policy.ladder = [
            LadderStep(after: .zero, target: .team), LadderStep(after: .seconds(600), target: .named("lead")),
        ]
        policy.rounds = 2
        policy.digest = digest
        return Scene(policy.built())
    }

    @Test(
        "each one that was called hears once that somebody sees to it and once that it is over, under ids of their own")
    func course() throws {
        var scene = Self.scene()
        try scene.take(Self.told(.escalation, 1), at: Self.start)
        try scene.advance(to: Self.start + .seconds(1_300))
        #expect(scene.texts(.notify).count == 3, "berlin, lead, berlin again")
        let at = scene.now
        try scene.take(Self.told(.claimed, 2), at: at)
        #expect(scene.ends.map(\.contact) == ["berlin", "lead"])
        #expect(scene.ends.allSatisfy { $0.stage == .acknowledged && $0.conversation == Self.matter.text })
        try scene.take(Self.told(.claimed, 3), at: at)
        #expect(scene.ends.count == 2)
        try scene.take(Self.told(.closed, 4), at: at)
        #expect(scene.ends.dropFirst(2).map(\.contact) == ["berlin", "lead"])
        #expect(scene.ends.dropFirst(2).allSatisfy { $0.stage == .resolved })
        try scene.take(Self.told(.closed, 5), at: at)
        #expect(scene.ends.count == 4)
        #expect(Set(scene.actions.map(\.actionID)).count == scene.actions.count)
        // The same order key, so that no end overtakes its call.
        #expect(Set(scene.actions.map(\.orderKey)) == [Self.matter.text])

        // As a worker refuses them that does not know the kind: nobody is called for that.
        let before = (scene.states[Self.matter]?.matter, scene.actions.count)
        for end in scene.ends { try scene.settle(end, .failed, at: at) }
        #expect(scene.states[Self.matter]?.matter == before.0 && scene.actions.count == before.1)

        // A new trouble begins anew.
        try scene.take(Self.told(.escalation, 6), at: at)
        try scene.take(Self.told(.closed, 7), at: at)
        #expect(scene.ends.count == 5 && scene.ends.last?.contact == "berlin")
    }

    @Test("a matter that nobody was called for by itself has nobody to tell")
    func collected() throws {
        var scene = Self.scene(digest: DigestPolicy(collect: .seconds(60), every: .seconds(1_800)))
        try scene.take(Self.told(.escalation, 1), at: Self.start)
        try scene.take(Self.told(.closed, 2), at: Self.start + .seconds(10))
        try scene.advance(to: Self.start + .seconds(3_600))
        #expect(scene.actions.isEmpty)
    }

    @Test("a digest is over when somebody takes the desk, or when nothing of it is open any more")
    func digest() throws {
        for isClaimed in [true, false] {
            var scene = Self.scene(digest: DigestPolicy(collect: .seconds(60), every: .seconds(1_800)))
            let others = [EntityID.anna, .messages(account: "shop", contact: "bo")]
            for other in others { try scene.take(Self.told(.escalation, 1, of: other), at: Self.start) }
            try scene.advance(to: Self.start + .seconds(61))
            #expect(scene.texts(.notify).map(\.rule) == ["digest"])
            let at = scene.now
            if isClaimed {
                try scene.take(.of("claim", at: at, in: Self.desk) { $0.claim.agent = "kim" }, at: at)
            } else {
                try scene.take(Self.told(.closed, 2, of: others[0]), at: at)
                #expect(scene.ends.isEmpty)
                try scene.take(Self.told(.closed, 2, of: others[1]), at: at)
            }
            #expect(scene.ends.map(\.stage) == [.resolved])
            #expect(scene.ends.map(\.conversation) == [Self.desk.text] && scene.ends.map(\.contact) == ["berlin"])
            #expect(scene.states[Self.desk]?.desk.callees == [])
        }
    }
}
