import Contracts
import Conversations
import Instants
import SwiftProtobuf
import Testing

@Suite("A desk")
struct DeskTests {
    private static let matter = EntityID.matter(team: "berlin", conversation: .anna)
    private static let desk = EntityID.desk(team: "berlin")

    private func told(_ id: String, _ matter: Told.Matter, _ decisions: UInt64) -> Event {
        .of(id, at: .november(19, 20), in: Self.matter) {
            $0.told = Told.with {
                $0.origin = EntityID.anna.text
                $0.decisions = decisions
                $0.matter = matter
                $0.rule = "promise.pre_breach"
                $0.market = "de"
            }
        }
    }

    @Test("opens a matter and notifies its team once")
    func once() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        let first = try scene.take(told("t1", .escalation, 3), at: at)
        #expect(first.actions.map(\.kind) == [.notify])
        #expect(first.actions.first?.team == "berlin")
        #expect(first.result.market == "de")
        try scene.take(told("t2", .brokenPromise, 5), at: at)
        #expect(scene.actions.count == 1)
        #expect(scene.states[Self.matter]?.matter.standing == .notified)
        #expect(scene.states[Self.desk]?.desk.opened == 1)
    }

    @Test("takes a tell that is not newer than what it holds for a duplicate", arguments: [2, 3])
    func older(decisions: UInt64) throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        try scene.take(told("t1", .closed, 3), at: at)
        let state = scene.states[Self.matter]
        let decision = try scene.take(told("t0", .escalation, decisions), at: at)
        #expect(decision.result.verdict == .duplicate)
        #expect(decision.actions.isEmpty)
        #expect(scene.states[Self.matter] == state)
    }

    @Test("hears a conversation that began anew, long after its state had gone")
    func anew() throws {
        var scene = Scene()
        try scene.take(told("t1", .escalation, 38), at: .november(19, 20))
        try scene.take(told("t2", .closed, 39), at: .november(19, 20))
        var late = told("t3", .escalation, 1)
        late.happenedAt += 31 * 86_400_000
        let again = Instant(milliseconds: late.happenedAt)
        #expect(try scene.take(late, at: again).actions.map(\.kind) == [.notify])
        #expect(scene.states[Self.matter]?.matter.heard == 1)
        #expect(try scene.take(told("t4", .closed, 39), at: again).result.verdict == .decided)
    }

    @Test(
        "hears a conversation that began anew within the hour, and takes an older tell that comes late for a duplicate")
    func anewAtOnce() throws {
        func later(_ event: Event, _ minutes: Int64) -> Event {
            var event = event
            event.happenedAt += minutes * 60_000
            return event
        }
        var scene = Scene()
        let at = Instant.november(19, 20, 30)
        try scene.take(told("t1", .escalation, 38), at: at)
        try scene.take(later(told("t3", .closed, 40), 2), at: at)
        let late = try scene.take(later(told("t2", .escalation, 39), 1), at: at)
        #expect(late.result.verdict == .duplicate)
        let anew = try scene.take(later(told("t4", .escalation, 1), 3), at: at)
        #expect(anew.result.verdict == .decided && anew.actions.map(\.kind) == [.notify])
        let matter = scene.states[Self.matter]?.matter
        #expect(matter?.heard == 1 && matter?.askedAt == at.milliseconds && matter?.standing == .notified)
        #expect(try scene.take(later(told("t5", .closed, 1), 3), at: at).result.verdict == .duplicate)
        // What is heard of an open matter is asked for anew.
        let again = at + .seconds(600)
        try scene.take(later(told("t6", .brokenPromise, 2), 10), at: again)
        #expect(scene.states[Self.matter]?.matter.lastAskedAt == again.milliseconds)
        #expect(scene.states[Self.matter]?.matter.openedAt == at.milliseconds)
    }

    @Test("climbs its ladder until somebody acknowledges: who is on call at night, the team by day")
    func ladder() throws {
        var policy = TestPolicy()
        policy.ladder = [
            LadderStep(after: .zero, target: .team), LadderStep(after: .seconds(600), target: .named("lead")),
            LadderStep(after: .seconds(1_800), target: .onCall),
        ]
        policy.rounds = 2
        var scene = Scene(policy.built())
        // Thursday, 20:00: nobody of the team is there.
        try scene.take(told("t1", .escalation, 3), at: .november(19, 20))
        try scene.advance(to: .november(19, 20, 9))
        #expect(scene.texts(.notify).map(\.contact) == ["night"])
        try scene.advance(to: .november(19, 20, 31))
        #expect(scene.texts(.notify).map(\.contact) == ["night", "lead", "night"])
        try scene.advance(to: .november(20, 12))
        #expect(scene.texts(.notify).map(\.contact) == ["night", "lead", "night", "night", "lead", "night"])
        var acknowledged = Scene(policy.built())
        try acknowledged.take(told("t1", .escalation, 3), at: .november(20, 10))
        try acknowledged.take(told("t2", .claimed, 4), at: .november(20, 10, 5))
        try acknowledged.advance(to: .november(20, 12))
        #expect(acknowledged.texts(.notify).map(\.contact) == ["berlin"])
    }

    @Test("hears of a claim and of the end, and notifies again for a new trouble")
    func course() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        try scene.take(told("t1", .escalation, 3), at: at)
        try scene.take(told("t2", .claimed, 4), at: at)
        #expect(scene.states[Self.matter]?.matter.standing == .acknowledged)
        try scene.take(told("t3", .closed, 6), at: at)
        #expect(scene.states[Self.matter]?.matter.standing == .closed)
        #expect(scene.states[Self.desk]?.desk.closed == 1)
        try scene.take(told("t4", .escalation, 9), at: at)
        #expect(scene.texts(.notify).count == 2)
    }

    @Test("gets the tells that a conversation makes, by their own routing")
    func fromConversation() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.settle(try #require(scene.texts().first))
        try scene.advance(to: .november(20, 10))
        for tell in scene.actions.filter({ $0.kind == .tell }) {
            #expect(try EntityID.of(tell.event) == Self.matter)
            #expect(try scene.policy.lane(of: tell.event).text == "desk-berlin.0")
            try scene.take(tell.event, at: .november(20, 10))
        }
        #expect(scene.texts(.notify).count == 1)
    }

    @Test("who was called says so: nobody else is called, even if another person had claimed the conversation before")
    func claimedBefore() throws {
        var policy = TestPolicy()
        policy.ladder = [
            LadderStep(after: .zero, target: .team), LadderStep(after: .seconds(600), target: .named("lead")),
        ]
        policy.rounds = 2
        var scene = Scene(policy.built())
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.settle(try #require(scene.texts().first))
        func claim(_ id: String, _ agent: String, at: Instant) throws {
            try scene.take(.of(id, at: at) { $0.claim.agent = agent }, at: at)
        }
        try claim("c1", "kim", at: .november(19, 20, 5))
        try scene.advance(to: .november(20, 10))
        var told = 0
        func deliverTells() throws {
            for tell in scene.actions.filter({ $0.kind == .tell }).dropFirst(told) {
                told += 1
                try scene.take(tell.event, at: .november(20, 10))
            }
        }
        try deliverTells()
        #expect(scene.texts(.notify).count == 1)
        try claim("ack.1", "night", at: .november(20, 10))
        #expect(scene.rules.last == "claim.taken")
        #expect(scene.talk().agent == "kim")
        try deliverTells()
        #expect(scene.states[Self.matter]?.matter.standing == .acknowledged)
        try scene.advance(to: .november(20, 14))
        #expect(scene.texts(.notify).count == 1)
    }
}
