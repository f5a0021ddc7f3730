import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("Orders to forget, across owners and beside each other")
struct ForgettingOrdersTests {
    @Test("a new owner carries on behind states: what came afterwards stays, threads and places are still theirs")
    func carriesOn() throws {
        let kit = try WorkerKit()
        let contact = ForgettingTests.person.contact
        let thread = EntityID.comments(account: "shop", originalPost: "p1", root: "c1").text
        var generator = SystemRandomNumberGenerator()
        let taken = try kit.store.take([
            TakeRequest(lane: kit.lane, owner: "dead", assignment: 1, token: .random(using: &generator))
        ])
        guard case .taken(let tenure) = taken[0] else { throw WorkerKit.Unexpected(came: "\(taken)") }
        let first = try kit.append([("other", "x"), ("other", "y")])
        try ForgettingTests.order(kit)
        let entry = try #require(try kit.store.log(kit.lane).last?.id)
        let new = try kit.append([(contact, "new words")])
        let order = ForgetOrder(
            code: "c1", account: "shop", contact: contact, position: Position(entry: entry, index: 0),
            at: tenure.clock.now)
        var note = ForgetNote(lane: kit.lane, token: tenure.token)
        try note.begin(order, now: tenure.clock.now)
        var progress = ForgetProgress()
        progress.isPastStates = true
        progress.threads = [thread]
        // Its event is erased, and only the note tells whose the result is.
        progress.places = [Position(entry: first, index: 1)]
        progress.tally.states = 3
        note.progress(progress, of: order)
        #expect(try kit.store.note(note))
        var commit = LaneCommit(
            lane: kit.lane, token: tenure.token, sequence: tenure.sequence, cursor: .following(new), decided: 4,
            policy: 3, now: tenure.clock.now)
        var state = EntityState()
        state.decisions = 1
        commit.states = [LaneCommit.State(entity: ForgettingTests.person.messages, bytes: try state.serializedBytes())]
        var batch = ResultBatch()
        for (index, conversation) in [thread, "c/shop/p1/c2"].enumerated() {
            var result = DecisionResult()
            (result.entryMs, result.entrySequence) = (first.milliseconds, UInt32(first.sequence))
            (result.index, result.conversation, result.event) = (UInt32(index), conversation, "c:secret\(index)")
            batch.results.append(result)
        }
        commit.results = try batch.serializedBytes()
        guard case .committed = try kit.store.commit([commit])[0] else { throw WorkerKit.Unexpected(came: "no commit") }
        let worker = try kit.worker(assignment: 2)
        let tally = try ForgettingTests.waitUntilDone(kit)
        #expect(tally.states == 3 && tally.results == 2)
        #expect(try kit.store.states([(lane: kit.lane, entities: [ForgettingTests.person.messages])])[0]?[0] != nil)
        #expect(try ForgettingTests.keys(holding: "c:secret", kit) == [])
        try kit.append([(contact, "more")])
        try kit.decided(5)
        #expect(try kit.rules().last == "\(contact):more#2")
        #expect(try kit.store.log(kit.lane).count == 3)
        #expect(worker.stop(atMost: .seconds(30)))
    }

    @Test("every order of a lane holds it: nobody's new words meet their old state")
    func twoOrders() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        let second = Person(account: "shop", contact: "4915550002")
        try kit.append([(ForgettingTests.person.contact, "old"), (second.contact, "old")])
        try kit.decided(2)
        let look = try kit.look()
        let at = look.serverTime + look.offset
        var events = [("c1", ForgettingTests.person), ("c2", second)].map { code, person in
            ForgetOrder.event(code: code, account: "shop", contact: person.contact, by: "test", at: at)
        }
        var event = Event()
        (event.id, event.account, event.contact) = ("new", "shop", second.contact)
        event.happenedAt = (at + .seconds(1)).milliseconds
        event.message.text = "new"
        events.append(event)
        // A repeat of an order is the same order, and takes nothing of what came between.
        events.append(events[1])
        var body: [UInt8] = []
        for event in events { EventFraming.append(try event.serializedBytes(), to: &body) }
        _ = try kit.append(body, count: events.count)
        try kit.decided(6)
        _ = try ForgettingTests.waitUntilDone(kit)
        #expect(try ForgettingTests.waitUntilDone(kit, "c2").states == 1)
        #expect(try kit.store.states([(lane: kit.lane, entities: [second.messages])])[0]?[0] != nil)
        try kit.append([(second.contact, "more")])
        try kit.decided(7)
        #expect(try kit.rules().last == "\(second.contact):more#2")
        try PrivateCluster.wait("the repeat has gone") { try kit.store.forgotten([kit.lane])[0]?.late.isEmpty == true }
        let kept = try kit.store.kept(kit.lane).events.values.map { try Event(serializedBytes: $0).id }
        #expect(kept == ["new"])
        #expect(worker.stop(atMost: .seconds(30)))
    }

    @Test("a desk hears what it is told of the conversation that they began afterwards, and not what came before")
    func desks() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try ForgettingTests.order(kit)
        _ = try ForgettingTests.waitUntilDone(kit)
        let stone = try #require(try kit.store.forgotten([kit.lane])[0]?.tombstones.values.first)
        for (id, offset) in [("before", Int64(0)), ("after", 1_000)] {
            var event = Event()
            event.id = id
            event.account = "shop"
            event.happenedAt = stone.at.milliseconds + offset
            event.conversation = EntityID.matter(team: "t", conversation: ForgettingTests.person.messages).text
            event.told.origin = ForgettingTests.person.messages.text
            event.told.decisions = 1
            event.told.matter = .escalation
            var body: [UInt8] = []
            EventFraming.append(try event.serializedBytes(), to: &body)
            _ = try kit.append(body, count: 1)
        }
        try kit.decided(3)
        #expect(try kit.results().map(\.event).filter { !$0.isEmpty } == ["after"])
        #expect(worker.stop(atMost: .seconds(30)))
    }
}
