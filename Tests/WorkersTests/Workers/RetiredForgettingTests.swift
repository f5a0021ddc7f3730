import Contracts
import Instants
import Lanes
import Logging
import Redis
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("A person in a lane that was retired")
struct RetiredForgettingTests {
    private static let person = ForgettingTests.person
    private static let thread = EntityID.comments(account: "shop", originalPost: "p1", root: "c1")

    private static func event(_ id: String, _ contact: String, _ kit: WorkerKit, _ text: String) throws -> Event {
        let look = try kit.look()
        var event = Event()
        (event.id, event.account, event.contact) = (id, "shop", contact)
        event.happenedAt = (look.serverTime + look.offset).milliseconds
        event.message.text = text
        return event
    }

    /// A lane with a log of two people and results, as a resize leaves it: its states went elsewhere.
    static func retired(_ kit: WorkerKit) throws {
        let worker = try kit.worker()
        var comment = try event("c:c1", person.contact, kit, "")
        comment.comment = Comment.with { ($0.id, $0.post, $0.text) = ("c1", "p1", "words in public") }
        var body: [UInt8] = []
        for event in [
            try event("dm:1", person.contact, kit, "my secret"), try event("dm:2", "other", kit, "timer 3600000 hour"),
            comment,
        ] { EventFraming.append(try event.serializedBytes(), to: &body) }
        _ = try kit.append(body, count: 3)
        try kit.decided(3)
        // A timer of the thread fired: its result names the thread and no event.
        _ = worker.stop(atMost: .seconds(30))
        let connection = try kit.redis.connect()
        let batch = ResultBatch.with { batch in
            batch.results = [
                DecisionResult.with {
                    ($0.conversation, $0.timer, $0.rule) = (thread.text, "promise_due", "promise.kept")
                }
            ]
        }
        let newest = try #require(try kit.store.results(kit.lane, most: 100).last?.entry)
        var add = RedisCommand("XADD", "ns:{\(kit.lane)}:results", "\(newest.milliseconds)-\(newest.sequence + 1)", "b")
        add.add(try batch.serializedBytes())
        _ = try connection.call(add)
        for hash in 0..<64 { _ = try connection.call(RedisCommand("DEL", "ns:{\(kit.lane)}:state:\(hash)")) }
        for key in ["timers", "open", "actions", "outbox"] {
            _ = try connection.call(RedisCommand("DEL", "ns:{\(kit.lane)}:\(key)"))
        }
        _ = try connection.call(
            RedisCommand("HSET", "ns:{\(kit.lane)}:lane", "move", "retired", "paused", "1", "closed", "1"))
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:slot", "topology", "1"))
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:retired", "\(kit.lane)", "1"))
    }

    static func order(_ kit: WorkerKit, _ code: String = "c1") throws -> Event {
        let look = try kit.look()
        return ForgetOrder.event(
            code: code, account: "shop", contact: person.contact, by: "test", at: look.serverTime + look.offset)
    }

    @Test("the leader's process erases them from log, results and what is kept, and others stay")
    func erased() throws {
        let kit = try WorkerKit()
        try Self.retired(kit)
        let order = try Self.order(kit)
        let name = try #require(ForgetOrder(order, at: .start)).name
        // The lane that has the account's threads now tells that this one went.
        let live = PartitionName.sample.lane(1)
        try kit.store.noteOrdered("c1", [name: [live]])
        var state = EntityState()
        state.conversation.comments = [CommentMark.with { ($0.id, $0.author) = ("c1", Self.person.contact) }]
        var moved = RedisCommand(
            "HSET", "ns:{\(live)}:state:\(StateHash.number(of: Self.thread))", Self.thread.text)
        moved.add(try state.serializedBytes())
        _ = try kit.redis.connect().call(moved)
        #expect(try kit.store.orderRetired(order, [kit.lane]) == (given: [kit.lane], refused: []))
        // Said again it is the same order.
        #expect(try kit.store.orderRetired(order, [kit.lane]).given == [kit.lane])
        let forgetter = RetiredForgetter(connector: kit.connector, log: Logger(label: "test"))
        forgetter.lead(1)
        let worker = try kit.worker(assignment: 1, lane: live)
        var body: [UInt8] = []
        EventFraming.append(try order.serializedBytes(), to: &body)
        _ = try kit.append(body, count: 1, to: live)
        _ = try ForgettingTests.waitUntilDone(kit)
        for text in [Self.person.contact, "my secret", "words in public"] {
            #expect(try ForgettingTests.keys(holding: text, kit) == [])
        }
        let kept = try kit.store.kept(kit.lane)
        #expect(try kept.events.values.map { try Event(serializedBytes: $0).id } == ["dm:2"])
        let results = try (kept.results + kit.store.results(kit.lane, most: 100)).flatMap(\.batch.results)
        #expect(results.filter { $0.rule == "erased" }.count == 3 && results.contains { $0.event == "dm:2" })
        #expect(!results.contains { $0.conversation == Self.thread.text })
        let people = try kit.store.forgotten([kit.lane])[0]
        #expect(people?.tombstones.count == 1)
        // Two of theirs went of the log, and one more is counted, as an owner counts the order itself.
        #expect(people?.done.map(\.tally.events) == [3])
        // No order is left; what was kept of others ages all the same, each by its own retention.
        forgetter.keep(Retention(log: .zero))
        try PrivateCluster.wait("what was kept of the log has aged") { try kit.store.kept(kit.lane).events.isEmpty }
        #expect(try kit.store.kept(kit.lane).results.map(\.entry) == kept.results.map(\.entry))
        #expect(!kept.results.isEmpty)
        forgetter.keep(Retention(log: .zero, results: .zero))
        try PrivateCluster.wait("results have aged") { try kit.store.kept(kit.lane).results.isEmpty }
        #expect(forgetter.stop(atMost: WorkerKit.patience) && worker.stop(atMost: WorkerKit.patience))
    }

    @Test("waits until the account's lanes have told, and does nothing where it does not lead")
    func waits() throws {
        let kit = try WorkerKit()
        try Self.retired(kit)
        let order = try Self.order(kit)
        let name = try #require(ForgetOrder(order, at: .start)).name
        try kit.store.noteOrdered("c1", [name: [PartitionName.sample.lane(1)]])
        _ = try kit.store.orderRetired(order, [kit.lane])
        let walk = RetiredForgetter(connector: kit.connector, log: Logger(label: "test"))
        walk.lead(1)
        // It has asked once, by its own connection.
        try PrivateCluster.wait("it has looked") {
            try kit.redis.connect().call(RedisCommand("CLIENT", "LIST")).string?.contains("cmd=hgetall") == true
        }
        #expect(try ForgettingTests.standing(kit) == .underWay)
        #expect(try !kit.store.log(kit.lane).isEmpty)
        #expect(walk.stop(atMost: WorkerKit.patience))
    }

    @Test(
        "a lane that is in use again takes neither the order nor what the walk writes; its owner carries an older order on"
    )
    func usedAgain() throws {
        let kit = try WorkerKit()
        try Self.retired(kit)
        let order = try Self.order(kit)
        #expect(try kit.store.orderRetired(order, [kit.lane]).given == [kit.lane])
        let connection = try kit.redis.connect()
        let hash = "ns:{\(kit.lane)}:lane"
        _ = try connection.call(RedisCommand("HSET", hash, "move", "7"))
        let entry = try #require(try kit.store.log(kit.lane).first?.id)
        var request = EraseRequest(lane: kit.lane, token: .retired)
        request.entries = [entry]
        #expect(try kit.store.erase([request]) == [.fenced])
        request.token = .retired(term: 9)
        #expect(try kit.store.erase([request]) == [.fenced])
        var note = ForgetNote(lane: kit.lane, token: .retired)
        note.late([Position(entry: entry, index: 0)])
        #expect(try !kit.store.note(note))
        #expect(try kit.store.orderRetired(try Self.order(kit, "c2"), [kit.lane]).refused == [kit.lane])
        _ = try connection.call(RedisCommand("HSET", hash, "move", "", "paused", "0", "closed", "0"))
        let worker = try kit.worker("worker-b", assignment: 2)
        _ = try ForgettingTests.waitUntilDone(kit)
        for text in [Self.person.contact, "my secret"] {
            #expect(try ForgettingTests.keys(holding: text, kit) == [])
        }
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("a leader of an earlier term erases and ends nothing once a later one has begun; no order is given twice")
    func terms() throws {
        let kit = try WorkerKit()
        try Self.retired(kit)
        let event = try Self.order(kit)
        let order = try #require(ForgetOrder(event, at: Position(entry: .start, index: 0)))
        #expect(try kit.store.orderRetired(event, [kit.lane]).given == [kit.lane])
        func claim(_ term: UInt64) throws -> Bool {
            var note = ForgetNote(lane: kit.lane, token: .retired(term: term))
            note.claim()
            return try kit.store.note(note)
        }
        #expect(try claim(5) && claim(5) && claim(7) && !claim(6))
        var request = EraseRequest(lane: kit.lane, token: .retired(term: 6))
        request.entries = [try #require(try kit.store.log(kit.lane).first?.id)]
        #expect(try kit.store.erase([request]) == [.fenced])
        func end(_ term: UInt64, events: Int) throws -> Bool {
            var tally = ForgetTally()
            tally.events = events
            var note = ForgetNote(lane: kit.lane, token: .retired(term: term))
            note.end(order, tally, ThreadsLeft(), now: Instant(milliseconds: 1))
            return try kit.store.note(note)
        }
        #expect(try end(7, events: 9) && !end(6, events: 1))
        // Somebody who looked before that gives the order now.
        #expect(try kit.store.orderRetired(event, [kit.lane]).given == [kit.lane])
        let people = try #require(try kit.store.forgotten([kit.lane])[0])
        #expect(people.orders.isEmpty && people.done.map(\.tally.events) == [9])
    }

    @Test("of two processes that think they lead one carries an order out, and what it counts stands")
    func twoLeaders() throws {
        let kit = try WorkerKit()
        try Self.retired(kit)
        let order = try Self.order(kit)
        let walks = (1...2).map { _ in RetiredForgetter(connector: kit.connector, log: Logger(label: "test")) }
        walks[0].lead(3)
        walks[1].lead(4)
        #expect(try kit.store.orderRetired(order, [kit.lane]).given == [kit.lane])
        let tally = try ForgettingTests.waitUntilDone(kit)
        // The one that was too late has seen so.
        for walk in walks { #expect(walk.stop(atMost: WorkerKit.patience)) }
        let people = try #require(try kit.store.forgotten([kit.lane])[0])
        #expect(people.orders.isEmpty && people.done.map(\.tally) == [tally])
        #expect(try kit.store.log(kit.lane).isEmpty)
    }
}
