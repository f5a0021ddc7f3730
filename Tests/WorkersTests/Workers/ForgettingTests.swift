import Channels
import Contracts
import Conversations
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("A person who is to be forgotten")
struct ForgettingTests {
    static let person = Person(account: "shop", contact: "4915550001")

    /// Gives a lane the order.
    static func order(_ kit: WorkerKit, _ code: String = "c1", person: Person = person) throws {
        let look = try kit.look()
        let at = look.serverTime + look.offset
        let event = ForgetOrder.event(
            code: code, account: person.account, contact: person.contact, by: "test", at: at)
        var body: [UInt8] = []
        EventFraming.append(try event.serializedBytes(), to: &body)
        _ = try kit.append(body, count: 1)
    }

    static func standing(_ kit: WorkerKit, _ code: String = "c1") throws -> ForgetStanding {
        try kit.store.forgotten([kit.lane])[0]?.standing(of: code) ?? .unknown
    }

    static func waitUntilDone(_ kit: WorkerKit, _ code: String = "c1") throws -> ForgetTally {
        try PrivateCluster.wait("the lane has forgotten") {
            if case .done = try standing(kit, code) { true } else { false }
        }
        guard case .done(let tally) = try standing(kit, code) else { return ForgetTally() }
        return tally
    }

    /// Every key whose content holds the bytes.
    static func keys(holding text: String, _ kit: WorkerKit) throws -> [String] {
        let connection = try kit.redis.connect()
        let needle = Array(text.utf8)
        var found: [String] = []
        for key in try connection.call(RedisCommand("KEYS", "*")).array ?? [] {
            guard let name = key.string else { continue }
            let dump: RedisReply
            switch try connection.call(RedisCommand("TYPE", name)).string {
            case "hash": dump = try connection.call(RedisCommand("HGETALL", name))
            case "stream": dump = try connection.call(RedisCommand("XRANGE", name, "-", "+"))
            case "zset": dump = try connection.call(RedisCommand("ZRANGE", name, "0", "-1"))
            default: dump = try connection.call(RedisCommand("GET", name))
            }
            if name.contains(text) || holds(dump, needle) { found.append(name) }
        }
        return found.sorted()
    }

    private static func holds(_ reply: RedisReply, _ needle: [UInt8]) -> Bool {
        if let parts = reply.array { return parts.contains { holds($0, needle) } }
        return reply.bytes.map { ByteSearch.contains($0, needle) } ?? false
    }

    @Test(
        "goes from log, states, timers, actions, dead letters and results; what stood beside stays, and the next is somebody new"
    )
    func everywhere() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        let contact = Self.person.contact
        kit.sink.answer(nil)
        try kit.append([(contact, "secret words one"), ("other", "hello"), (contact, "timer 99999999 later")])
        try kit.append([("other", "two"), (contact, "boom")])
        try kit.append([(contact, "send")])
        try kit.decided(6)
        #expect(try Self.keys(holding: contact, kit).count >= 6)
        let others = try kit.results().filter { $0.conversation == "m/shop/other" }
        try Self.order(kit)
        let tally = try Self.waitUntilDone(kit)
        #expect(tally.events == 5 && tally.states == 1 && tally.actions == 1 && tally.deadLetters == 1)
        #expect(tally.results == 4)
        #expect(try Self.keys(holding: contact, kit) == [])
        #expect(try Self.keys(holding: "secret words one", kit) == [])
        // The order itself is erased too, once its entry is decided.
        let kept = try kit.store.kept(kit.lane)
        #expect(kept.events.count == 2)
        #expect(try kept.events.values.map { try Event(serializedBytes: $0).contact } == ["other", "other"])
        let all = kept.results.flatMap(\.batch.results) + (try kit.results())
        #expect(all.filter { $0.conversation == "m/shop/other" }.count == others.count)
        #expect(all.filter { $0.rule == "erased" }.count == 5)
        #expect(Set(all.map(\.position)).count == 7)
        try kit.append([(contact, "again")])
        try kit.decided(8)
        #expect(try kit.rules().last == "\(contact):again#1")
        // What was being sent ends without a word about them.
        kit.sink.release(.delivered(providerID: "p"))
        #expect(worker.stop(atMost: .seconds(30)))
        #expect(try kit.look().appended == 8)
    }

    @Test("what comes late of them is passed over and goes; what they do afterwards is not")
    func late() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([(Self.person.contact, "old words")])
        try kit.decided(1)
        let old = try Event(serializedBytes: try #require(try Self.firstEvent(kit)))
        try Self.order(kit)
        _ = try Self.waitUntilDone(kit)
        var outcome = Event()
        outcome.id = "a.1"
        outcome.account = "shop"
        outcome.conversation = Self.person.messages.text
        outcome.happenedAt = old.happenedAt + 60_000
        outcome.outcome.status = .delivered
        for event in [old, outcome] {
            var body: [UInt8] = []
            EventFraming.append(try event.serializedBytes(), to: &body)
            _ = try kit.append(body, count: 1)
        }
        try kit.append([("other", "between")])
        try kit.decided(5)
        try PrivateCluster.wait("what came late has gone") { try Self.keys(holding: Self.person.contact, kit) == [] }
        #expect(try kit.store.states([(lane: kit.lane, entities: [Self.person.messages])])[0] == [nil])
        try kit.append([(Self.person.contact, "new words")])
        try kit.decided(6)
        #expect(try kit.rules().last == "\(Self.person.contact):new words#1")
        #expect(worker.stop(atMost: .seconds(30)))
    }

    @Test("a new owner goes on with what a dead one began, and saying it again changes nothing more")
    func owners() throws {
        let kit = try WorkerKit()
        let first = try kit.worker("worker-a")
        try kit.append([(Self.person.contact, "words of theirs"), ("other", "x")])
        try kit.decided(2)
        #expect(first.stop(atMost: .seconds(30)))
        // An owner that noted and decided the order, and then died.
        var generator = SystemRandomNumberGenerator()
        let taken = try kit.store.take([
            TakeRequest(lane: kit.lane, owner: "dead", assignment: 2, token: .random(using: &generator))
        ])
        guard case .taken(let tenure) = taken[0] else { throw WorkerKit.Unexpected(came: "\(taken)") }
        try Self.order(kit)
        let entry = try #require(try kit.store.log(kit.lane).last?.id)
        var note = ForgetNote(lane: kit.lane, token: tenure.token)
        let order = ForgetOrder(
            code: "c1", account: "shop", contact: Self.person.contact, position: Position(entry: entry, index: 0),
            at: tenure.clock.now)
        try note.begin(order, now: tenure.clock.now)
        #expect(try kit.store.note(note))
        let commit = LaneCommit(
            lane: kit.lane, token: tenure.token, sequence: tenure.sequence, cursor: .following(entry), decided: 1,
            policy: 3, now: tenure.clock.now)
        guard case .committed = try kit.store.commit([commit])[0] else { throw WorkerKit.Unexpected(came: "no commit") }
        #expect(try Self.standing(kit) == .underWay)
        let second = try kit.worker("worker-b", assignment: 3)
        let tally = try Self.waitUntilDone(kit)
        #expect(tally.events == 2 && tally.states == 1)
        #expect(try Self.keys(holding: Self.person.contact, kit) == [])
        try Self.order(kit, "c2")
        let again = try Self.waitUntilDone(kit, "c2")
        #expect(again.states == 0 && again.results == 0)
        #expect(try Self.keys(holding: Self.person.contact, kit) == [])
        // A token that is another's notes nothing.
        #expect(try !kit.store.note(note))
        #expect(second.stop(atMost: .seconds(30)))
    }

    @Test("what was kept beside them ages as logs and results do, and tombstones after eight days")
    func ages() throws {
        let kit = try WorkerKit(virtual: true)
        let worker = try kit.worker(bounds: RunnerBounds(trimsEvery: .milliseconds(20)))
        try kit.append([(Self.person.contact, "words of theirs"), ("other", "x")])
        try kit.decided(2)
        try Self.order(kit)
        _ = try Self.waitUntilDone(kit)
        #expect(try kit.store.kept(kit.lane).events.count == 1)
        try kit.step(.seconds(7 * 86_400 + 3_600))
        try PrivateCluster.wait("the event has aged") { try kit.store.kept(kit.lane).events.isEmpty }
        #expect(try !kit.store.kept(kit.lane).results.isEmpty)
        #expect(try kit.store.forgotten([kit.lane])[0]?.tombstones.count == 1)
        try kit.step(.seconds(2 * 86_400))
        try PrivateCluster.wait("the tombstone has aged") {
            try kit.store.forgotten([kit.lane])[0]?.isEmpty == true
        }
        try kit.step(.seconds(30 * 86_400))
        try PrivateCluster.wait("the results have aged") { try kit.store.kept(kit.lane).results.isEmpty }
        #expect(worker.stop(atMost: .seconds(30)))
    }

    private static func firstEvent(_ kit: WorkerKit) throws -> [UInt8]? {
        guard let entry = try kit.store.log(kit.lane).first else { return nil }
        return try EventFraming.ranges(of: entry.body).first.map { Array(entry.body[$0]) }
    }
}

extension DecisionResult {
    fileprivate var position: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }
}
