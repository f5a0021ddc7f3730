import Contracts
import Conversations
import Instants
import SwiftProtobuf
import TestEffort
import Testing

@Suite("A person's comments are taken out of a thread whole")
struct ThreadErasureTests {
    /// A thread under bo's root comment, at night: comments by id and author.
    private static func scene(_ comments: [(id: String, author: String)]) throws -> Scene {
        var policy = TestPolicy()
        policy.answersComments = true
        var scene = Scene(policy.built())
        for (number, comment) in comments.enumerated() {
            try scene.take(
                .comment(
                    comment.id, "is anybody there \(comment.id)", at: .november(20, 20, number), by: comment.author,
                    under: comment.id == "c1" ? "" : "c1"),
                at: .november(20, 20, number))
        }
        return scene
    }

    private static func take(
        _ contact: String, _ scene: inout Scene, actions: Set<ActionID> = []
    ) -> (remains: ThreadErasure.Remains, item: OpenItemChange) {
        var state = scene.states[.thread] ?? EntityState()
        let comments = ThreadErasure.comments(of: contact, in: state, .thread)
        let taken = ThreadErasure(comments: comments, actions: actions).take(
            from: &state, .thread, listed: scene.openItems[.thread])
        scene.states[.thread] = state
        return taken
    }

    @Test("a thread in which nobody else wrote goes, however busy it became")
    func own() throws {
        var scene = try Self.scene([("c1", "bo")])
        #expect(Self.take("bo", &scene) == (.nothing, .remove))
        for number in 0..<40 {
            try scene.take(.reply("r\(number)", "yes", at: scene.now, in: .thread, comment: "c1"), at: scene.now)
            for action in scene.texts(.reply).suffix(1) { try scene.settle(action) }
            let comment = Event.comment(
                "d\(number)", "and now \(number)", at: scene.now + .seconds(60), by: "bo", under: "c1")
            try scene.take(comment, at: scene.now + .seconds(60))
        }
        let talk = scene.talk(.thread)
        #expect(talk.comments.count == 32 && !talk.comments.contains { $0.id == "c1" })
        #expect(talk.contact == "bo")
        #expect(Self.take("bo", &scene).remains == .nothing)
    }

    @Test("who wrote the root is known after all marks of theirs have gone; a state of before says that it is not")
    func roots() throws {
        var scene = try Self.scene([("c1", "bo")] + (0..<40).map { ("d\($0)", "eve") })
        scene.states[.thread]?.conversation.comments.removeAll { $0.author == "bo" }
        scene.states[.thread]?.conversation.contact = "bo"
        var state = try #require(scene.states[.thread])
        #expect(!ThreadErasure.hasLostRoot(state, .thread))
        #expect(Self.take("bo", &scene).remains == .part(isCalm: false))
        let left = scene.talk(.thread)
        #expect(left.contact.isEmpty && left.comments.count <= 32)
        state.conversation.contact = ""
        #expect(state.conversation.comments.count < 32 || ThreadErasure.hasLostRoot(state, .thread))
    }

    @Test("others keep their comments, and a promise under which they wait; its timers stay armed")
    func others() throws {
        var scene = try Self.scene([("c1", "bo"), ("c2", "eve")])
        let text = try #require(scene.texts(.reply).first)
        try scene.settle(text)
        let before = try #require(scene.states[.thread])
        #expect(before.conversation.promises.map(\.subject) == [StableHash.hash("c1")])
        let taken = Self.take("bo", &scene)
        #expect(taken.remains == .part(isCalm: false))
        let talk = scene.talk(.thread)
        #expect(talk.comments.map(\.id) == ["c1", "c2"] && talk.comments.map(\.author) == ["", "eve"])
        #expect(talk.comments.map(\.answered) == [true, false])
        #expect(talk.promises.map(\.subject) == [StableHash.hash("c2")])
        #expect(talk.status == .waitingTeam)
        #expect(scene.states[.thread]?.timers == before.timers)
        // Said again it changes nothing more.
        #expect(Self.take("bo", &scene).remains == .unchanged)
        #expect(Self.take("eve", &scene).remains == .nothing)
    }

    @Test("the person's own promise, timers, text on its way and open comment go; the inbox and the desk hear of it")
    func whole() throws {
        var scene = try Self.scene([("c1", "eve")])
        try scene.settle(try #require(scene.texts(.reply).first))
        try scene.take(.reply("r", "tomorrow", at: .november(20, 20, 30), in: .thread), at: .november(20, 20, 30))
        try scene.settle(try #require(scene.texts(.reply).last))
        #expect(!scene.talk(.thread).comments.contains { !$0.answered })
        // The next night: another closed period, another promise.
        let night = Instant.november(23, 20)
        try scene.take(.comment("c9", "and mine?", at: night, by: "bo", under: "c1"), at: night)
        let before = try #require(scene.states[.thread])
        #expect(before.conversation.pending.count == 1 && before.timers.count >= 2)
        #expect(before.conversation.afterHours.contains { !$0.given })
        scene.states[.thread]?.conversation.escalated = true
        let taken = Self.take("bo", &scene)
        #expect(taken == (.part(isCalm: true), .remove))
        let state = try #require(scene.states[.thread])
        #expect(state.timers.isEmpty && state.conversation.pending.isEmpty)
        #expect(!state.conversation.promises.contains { $0.standing == .made || $0.standing == .binding })
        #expect(!state.conversation.afterHours.contains { !$0.given })
        #expect(state.conversation.comments.map(\.id) == ["c1"] && state.conversation.status == .waitingCustomer)
        #expect(!(try state.jsonString()).contains("bo"))
    }

    @Test("a promise of a state that does not say to whom it was given goes with the last open comment")
    func promisesOfBefore() throws {
        for isOpen in [true, false] {
            var scene = try Self.scene([("c1", "eve"), ("c2", "bo")])
            scene.states[.thread]?.conversation.promises[0].subject = 0
            scene.states[.thread]?.conversation.promises[0].actionHigh = 0
            scene.states[.thread]?.conversation.promises[0].actionLow = 0
            scene.states[.thread]?.conversation.comments[0].answered = !isOpen
            _ = Self.take("bo", &scene)
            #expect(scene.talk(.thread).promises.count == (isOpen ? 1 : 0))
            #expect(scene.states[.thread]?.timers.isEmpty == !isOpen)
        }
    }

    @Test(
        "whose marks were pushed out is still promised something there; a root without room for its mark is known as gone"
    )
    func crowded() throws {
        var scene = try Self.scene([("c1", "bo"), ("c2", "eve")])
        scene.states[.thread]?.conversation.comments.removeAll { $0.author == "eve" }
        scene.states[.thread]?.conversation.promises[0].subject = StableHash.hash("c2")
        scene.states[.thread]?.conversation.pending = []
        #expect(Self.take("bo", &scene).remains == .part(isCalm: false))
        #expect(scene.talk(.thread).promises.map(\.subject) == [StableHash.hash("c2")])
        #expect(scene.states[.thread]?.timers.isEmpty == false)
        var full = try Self.scene([("c1", "eve")])
        full.states[.thread]?.conversation.comments = (0..<32).map { number in
            CommentMark.with { ($0.id, $0.author) = ("d\(number)", "eve") }
        }
        full.states[.thread]?.conversation.contact = "bo"
        #expect(Self.take("bo", &full).remains == .part(isCalm: false))
        let state = try #require(full.states[.thread])
        #expect(state.conversation.rootForgotten && state.conversation.comments.count == 32)
        #expect(!ThreadErasure.hasLostRoot(state, .thread))
        #expect(Self.take("eve", &full).remains == .nothing)
    }

    @Test("a text of a closed period is waited for although nothing pending carries it any more")
    func afterHours() throws {
        let scene = try Self.scene([("c1", "bo")])
        var talk = scene.talk(.thread)
        let text = try #require(talk.afterHours.first)
        talk.pending = []
        talk.promises = []
        let action = ActionID(high: text.actionHigh, low: text.actionLow)
        #expect(talk.awaits(action))
        talk.afterHours[0].given = true
        #expect(!talk.awaits(action))
    }

    @Test("what is another's stays to the byte, whoever wrote when", arguments: 0..<Effort.cases(UInt64(60)))
    func random(seed: UInt64) throws {
        var number = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ below: UInt64) -> UInt64 {
            number ^= number << 13
            number ^= number >> 7
            number ^= number << 17
            return number % below
        }
        let people = ["bo", "eve", "kay"]
        let comments = (1...(3 + next(20))).map { (id: "c\($0)", author: people[Int(next(3))]) }
        var scene = try Self.scene(comments)
        for action in scene.texts(.reply) where next(2) == 0 { try scene.settle(action) }
        for comment in comments where next(4) == 0 {
            let reply = Event.reply("r\(comment.id)", "here", at: scene.now, in: .thread, comment: comment.id)
            try scene.take(reply, at: scene.now)
            if next(2) == 0, let text = scene.texts(.reply).last { try scene.settle(text) }
        }
        let before = try #require(scene.states[.thread])
        let others = before.conversation.comments.filter { $0.author != "bo" }
        let isBos = Set(comments.filter { $0.author == "bo" }.map { StableHash.hash($0.id) })
        switch Self.take("bo", &scene).remains {
        case .unchanged: #expect(isBos.isEmpty, "seed \(seed)")
        case .nothing: #expect(others.isEmpty, "seed \(seed)")
        case .part:
            let state = try #require(scene.states[.thread])
            let talk = state.conversation
            #expect(talk.comments.filter { !$0.author.isEmpty } == others, "seed \(seed)")
            #expect(talk.pending == before.conversation.pending.filter { !isBos.contains($0.subject) }, "seed \(seed)")
            let open = Set(talk.promises.filter { $0.standing == .made || $0.standing == .binding }.map(\.id))
            #expect(state.timers.allSatisfy { !$0.subject.hasPrefix("p") || open.contains($0.subject) })
            #expect(!talk.promises.contains { open.contains($0.id) && isBos.contains($0.subject) }, "seed \(seed)")
            #expect(!(try state.jsonString()).contains("\"bo\""), "seed \(seed)")
        }
    }
}
