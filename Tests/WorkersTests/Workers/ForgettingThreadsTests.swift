import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("Threads of a person who is to be forgotten")
struct ForgettingThreadsTests {
    private static let contact = ForgettingTests.person.contact
    private static let own = EntityID.comments(account: "shop", originalPost: "p1", root: "c1")
    private static let others = EntityID.comments(account: "shop", originalPost: "p1", root: "c2")

    private static func comment(_ id: String, _ author: String, parent: String = "", _ kit: WorkerKit) throws -> Event {
        let look = try kit.look()
        var event = Event()
        (event.id, event.account, event.contact) = ("c:\(id)", "shop", author)
        event.happenedAt = (look.serverTime + look.offset).milliseconds
        event.comment = Contracts.Comment.with {
            ($0.id, $0.post, $0.parent, $0.text) = (id, "p1", parent, "words in \(id)")
        }
        return event
    }

    private static func append(_ events: [Event], _ kit: WorkerKit, to lane: LaneName? = nil) throws -> EntryID {
        var body: [UInt8] = []
        for event in events { EventFraming.append(try event.serializedBytes(), to: &body) }
        return try kit.append(body, count: events.count, to: lane)
    }

    private static func state(
        _ marks: [(id: String, author: String)], _ fill: (inout EntityState) -> Void = { _ in }
    ) throws -> [UInt8] {
        var state = EntityState()
        state.conversation.comments = marks.map { id, author in
            CommentMark.with { ($0.id, $0.author, $0.answered) = (id, author, true) }
        }
        fill(&state)
        return try state.serializedBytes()
    }

    /// An owner that leaves these states behind.
    private static func leave(
        _ states: [LaneCommit.State], _ kit: WorkerKit, in lane: LaneName? = nil, listed: [OpenItem] = []
    ) throws {
        let lane = lane ?? kit.lane
        var generator = SystemRandomNumberGenerator()
        let taken = try kit.store.take([
            TakeRequest(lane: lane, owner: "first", assignment: 1, token: .random(using: &generator))
        ])
        guard case .taken(let tenure) = taken[0] else { throw WorkerKit.Unexpected(came: "\(taken)") }
        var commit = LaneCommit(
            lane: lane, token: tenure.token, sequence: tenure.sequence, cursor: tenure.cursor, decided: 0, policy: 3,
            now: tenure.clock.now)
        commit.states = states
        commit.timers = states.map { LaneCommit.Timer(entity: $0.entity, due: Instant(seconds: 9_000_000_000)) }
        commit.openItems = try listed.map {
            LaneCommit.State(entity: try EntityID($0.conversation), bytes: try $0.serializedBytes())
        }
        guard case .committed = try kit.store.commit([commit])[0] else { throw WorkerKit.Unexpected(came: "no commit") }
    }

    private static func left(_ entity: EntityID, _ kit: WorkerKit, in lane: LaneName? = nil) throws -> EntityState? {
        try kit.store.states([(lane: lane ?? kit.lane, entities: [entity])])[0]?[0].map {
            try EntityState(serializedBytes: $0)
        }
    }

    @Test(
        "a comment of theirs goes from another's thread with its promise and its line in the inbox; an own goes whole")
    func known() throws {
        let kit = try WorkerKit()
        let states = [
            LaneCommit.State(entity: Self.own, bytes: try Self.state([("c1", Self.contact), ("c3", Self.contact)])),
            LaneCommit.State(
                entity: Self.others,
                bytes: try Self.state([("c2", "other"), ("c4", Self.contact)]) { state in
                    state.conversation.comments[1].answered = false
                    state.conversation.status = .waitingTeam
                    state.conversation.waitingSince = 5
                    state.conversation.promises = [
                        Promise.with {
                            ($0.id, $0.dueAt, $0.standing) = ("p7", 9_000_000_000_000, .binding)
                            $0.subject = StableHash.hash("c4")
                        }
                    ]
                    state.timers = [
                        ArmedTimer.with { ($0.kind, $0.dueAt, $0.subject) = (.promiseDue, 9_000_000_000_000, "p7") }
                    ]
                }),
        ]
        try Self.leave(
            states, kit, listed: [Self.own, Self.others].map { id in OpenItem.with { $0.conversation = id.text } })
        let worker = try kit.worker(assignment: 2)
        try ForgettingTests.order(kit)
        #expect(try ForgettingTests.waitUntilDone(kit).states == 2)
        #expect(try Self.left(Self.own, kit) == nil)
        let thread = try #require(try Self.left(Self.others, kit))
        #expect(thread.conversation.comments.map(\.id) == ["c2"])
        #expect(thread.conversation.promises.isEmpty && thread.timers.isEmpty)
        #expect(try kit.store.openItems(kit.lane).isEmpty)
        #expect(try ForgettingTests.keys(holding: Self.contact, kit) == [])
        #expect(try ForgettingTests.keys(holding: Self.own.text, kit) == [])
        // What became of a text of theirs that was under way, in a thread that is still there.
        var outcome = try Self.comment("o", Self.contact, kit)
        outcome.conversation = Self.others.text
        outcome.outcome = Outcome.with { ($0.action, $0.status) = (ActionID(high: 1, low: 2).description, .delivered) }
        _ = try Self.append([outcome], kit)
        try kit.decided(2)
        try PrivateCluster.wait("the outcome has gone") { try ForgettingTests.keys(holding: Self.contact, kit) == [] }
        #expect(try Self.left(Self.others, kit) == thread)
        #expect(worker.stop(atMost: .seconds(30)))
    }

    @Test("a thread of before that does not say who began it, and a promise without a mark, are known by the log")
    func knownByTheLog() throws {
        let kit = try WorkerKit()
        let busy = (0..<32).map { (id: "x\($0)", author: "other") }
        func promised(_ comment: String) throws -> [UInt8] {
            try Self.state(busy) { state in
                state.conversation.promises = [
                    Promise.with {
                        ($0.id, $0.standing, $0.subject) = ("p7", .binding, StableHash.hash(comment))
                    }
                ]
                state.timers = [ArmedTimer.with { ($0.dueAt, $0.subject) = (9_000_000_000_000, "p7") }]
            }
        }
        try Self.leave(
            [
                LaneCommit.State(entity: Self.own, bytes: try promised("c1")),
                LaneCommit.State(entity: Self.others, bytes: try promised("c4")),
            ], kit)
        var reply = try Self.comment("r", "", kit)
        (reply.contact, reply.conversation) = ("", Self.own.text)
        reply.agentReply = AgentReply.with { ($0.comment, $0.text) = ("c1", "Dear secret name") }
        var events = [try Self.comment("c1", Self.contact, kit)]
        events.append(try Self.comment("c4", Self.contact, parent: "c2", kit))
        events.append(try Self.comment("y", "other", parent: "c1", kit))
        _ = try Self.append(events + [reply], kit)
        let worker = try kit.worker(assignment: 2)
        try kit.decided(4)
        try ForgettingTests.order(kit)
        #expect(try ForgettingTests.waitUntilDone(kit).states == 2)
        for entity in [Self.own, Self.others] {
            let state = try #require(try Self.left(entity, kit))
            #expect(state.conversation.promises.isEmpty && state.timers.isEmpty)
            #expect(ThreadErasure.hasLostRoot(state, entity) == (entity == Self.others))
        }
        for text in [Self.contact, "words in c1", "words in c4", "Dear secret name"] {
            #expect(try ForgettingTests.keys(holding: text, kit) == [])
        }
        let kept = try kit.store.kept(kit.lane).events.values.map { try Event(serializedBytes: $0).id }
        #expect(kept == ["c:y"])
        #expect(worker.stop(atMost: .seconds(30)))
    }

    @Test(
        "a desk waits for the account's lanes, drops the matter of a thread that went, closes one that became calm, and keeps both if somebody has asked for them since",
        arguments: [false, true])
    func desks(isAskedSince: Bool) throws {
        let kit = try WorkerKit()
        let desk = try LaneName("desk-care.0")
        try Self.leave(
            [
                LaneCommit.State(entity: Self.own, bytes: try Self.state([("c1", Self.contact)])),
                LaneCommit.State(
                    entity: Self.others,
                    bytes: try Self.state([("c2", "other"), ("c4", Self.contact)]) { state in
                        state.conversation.comments[1].answered = false
                        (state.conversation.status, state.conversation.escalated) = (.waitingTeam, true)
                    }),
            ], kit)
        let matters = ["c1", "c2", "c9"].map { root in
            EntityID.matter(
                team: "care", conversation: .comments(account: "shop", originalPost: "p1", root: root))
        }
        var state = EntityState()
        (state.matter.standing, state.matter.openedAt) = (.notified, 1)
        if isAskedSince { state.matter.askedAt = 9_000_000_000_000 }
        (state.matter.called, state.matter.calledAt, state.matter.rule) = ("care", 5, "late")
        state.timers = [ArmedTimer.with { ($0.kind, $0.dueAt) = (.escalationStep, 9_000_000_000_000) }]
        let bytes: [UInt8] = try state.serializedBytes()
        // All three are to be called for with the next digest.
        var holder = EntityState()
        holder.desk.calls = [
            CollectedCall.with {
                ($0.target, $0.matters, $0.rules) = (
                    "care", 3, [CountedRule.with { ($0.rule, $0.count) = ("late", 3) }]
                )
            }
        ]
        let digest = LaneCommit.State(entity: .desk(team: "care"), bytes: try holder.serializedBytes())
        try Self.leave(matters.map { LaneCommit.State(entity: $0, bytes: bytes) } + [digest], kit, in: desk)
        let look = try kit.look()
        let order = ForgetOrder.event(
            code: "c1", account: "shop", contact: Self.contact, by: "test", at: look.serverTime + look.offset)
        let name = try #require(ForgetOrder(order, at: .start)).name
        // The code's order for an account elsewhere is no affair of this one: that lane never hears of it.
        try kit.store.noteOrdered("c1", [name: [kit.lane, desk], "c1:elsewhere": [try LaneName("elsewhere.0")]])
        _ = try Self.append([order], kit, to: desk)
        let second = try kit.worker("worker-b", assignment: 2, lane: desk)
        try PrivateCluster.wait("the desk has the order") {
            try kit.store.forgotten([desk])[0]?.progress.values.contains { $0.isPastStates } == true
        }
        #expect(try kit.store.forgotten([desk])[0]?.standing(of: "c1") == .underWay)
        let first = try kit.worker(assignment: 2)
        _ = try Self.append([order], kit)
        _ = try ForgettingTests.waitUntilDone(kit)
        try PrivateCluster.wait("the desk has forgotten") {
            if case .done? = try kit.store.forgotten([desk])[0]?.standing(of: "c1") { true } else { false }
        }
        let counts = try #require(try Self.left(.desk(team: "care"), kit, in: desk)?.desk)
        if isAskedSince {
            for matter in matters { #expect(try Self.left(matter, kit, in: desk) == state) }
            #expect(counts == holder.desk)
        } else {
            #expect(try Self.left(matters[0], kit, in: desk) == nil)
            let closed = try #require(try Self.left(matters[1], kit, in: desk))
            #expect(closed.matter.standing == .closed && closed.timers.isEmpty)
            #expect(try Self.left(matters[2], kit, in: desk) == state)
            #expect(counts.calls.map(\.matters) == [1] && counts.calls.first?.rules.map(\.count) == [1])
            #expect(counts.closed == 2)
        }
        #expect(try Self.left(Self.others, kit)?.conversation.escalated == false)
        #expect(first.stop(atMost: .seconds(30)) && second.stop(atMost: .seconds(30)))
    }
}
