import Contracts
import Instants
import Lanes
import Logging
import Redis
import Synchronization
import TestSupport
import Testing

@testable import Coordination
@testable import Membership

@Suite("Pins of lanes in the control slot")
struct LanePinTests {
    private let times = LeaseTimes()

    private func store(_ server: PrivateRedis) throws -> ControlStore {
        ControlStore(connection: try server.connect(), keyspace: .standard)
    }

    @Test("a pin is read back as it was said, ends by Redis' clock, and goes when it is taken away")
    func roundTrip() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        #expect(try store.pins().isEmpty)
        #expect(try store.pinsStamp().number == 0)
        try store.pin(lanes(2), to: member("a"), for: .seconds(3_600), by: "ann|from|ops")
        let (first, number) = (try store.pins(), try store.pinsStamp().number)
        #expect(try first.map(\.lane) == lanes(2) && first.allSatisfy { $0.by == "ann|from|ops" })
        #expect(try first[0].member == member("a") && first[0].until == first[0].since + .seconds(3_600))
        #expect(try abs((store.state().now - first[0].since) / .seconds(1)) < 60)
        try store.pin([lane(1)], to: member("b"), for: .seconds(60), by: "bob")
        #expect(try store.pinsStamp().number > number)
        #expect(try store.pins().map(\.member.name) == ["a", "b"])
        #expect(try store.unpin([lane(0), lane(9)]) == 1)
        #expect(try store.pins().map(\.lane) == [lane(1)])
    }

    @Test("only whoever leads takes away what has ended, and never a pin that was renewed meanwhile")
    func fenced() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        let term = try store.lead(member("c"), lease: times.lease, gap: times.gap).state.term
        try store.pin(lanes(2), to: member("a"), for: .seconds(60), by: "ann")
        let old = try store.pins()
        try store.pin([lane(1)], to: member("a"), for: .seconds(90), by: "ann")
        #expect(try store.unpin(old, by: member("d"), term: term) == .fenced(term: term))
        #expect(try store.unpin(old, by: member("c"), term: term) == .written(number: 1))
        #expect(try store.pins().map(\.lane) == [lane(1)])
    }

    @Test("too many, a time of nothing and one beyond the longest are refused, and nothing is written")
    func bounds() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        var fill = RedisCommand("HSET")
        fill.add(store.keyspace.control("pins"))
        for index in 0..<ControlStore.mostPins - 1 {
            fill.add("fr-paris.\(index)")
            fill.add("a#0000000000000001|1|1|x")
        }
        _ = try store.connection.call(fill)
        #expect(throws: LaneError.self) { try store.pin(lanes(2), to: member("a"), for: .seconds(1), by: "") }
        #expect(throws: LaneError.self) { try store.pin(lanes(1), to: member("a"), for: .zero, by: "") }
        #expect(throws: LaneError.self) {
            try store.pin(lanes(1), to: member("a"), for: LanePin.longest + .seconds(1), by: "")
        }
        #expect(try store.pins().count == ControlStore.mostPins - 1 && store.pinsStamp().number == 0)
        try store.pin(lanes(1), to: member("a"), for: .seconds(1), by: "")
        // One that is there may be renewed in a full house.
        try store.pin(lanes(1), to: member("b"), for: .seconds(1), by: "")
        #expect(try store.pins().count == ControlStore.mostPins)
    }

    @Test("what somebody wrote by hand is passed over", arguments: ["", "a#0000000000000001", "a|1|2|x", "a#1|x|2|y"])
    func edited(text: String) throws {
        #expect(LanePin(lane: try lane(0), stored: text) == nil)
        let server = try PrivateRedis()
        let store = try store(server)
        _ = try store.connection.call(RedisCommand("HSET", store.keyspace.control("pins"), lane(0).text, text))
        #expect(try store.pins().isEmpty)
    }

    @Test("why a lane is not where it is pinned")
    func standings() throws {
        let pin = try #require(LanePin(lane: lane(0), stored: "\(member("a").text)|200000|0|ann"))
        var record = MemberRecord(id: try member("a"), beatAt: at(99_000), until: at(102_000))
        let led = ControlState(
            now: at(100_000), reachableSince: at(0), leader: try member("c"), leaderUntil: at(101_000))
        let alone = ControlState(now: at(100_000), reachableSince: at(0))
        let (a, b) = (try member("a"), try member("b"))
        #expect(PinStanding(of: pin, led, record: record, target: a, owner: a) == .honoured)
        #expect(PinStanding(of: pin, alone, record: record, target: b, owner: a) == .honoured)
        #expect(PinStanding(of: pin, led, record: record, target: a, owner: b) == .handingOver)
        #expect(PinStanding(of: pin, led, record: record, target: b, owner: b) == .waits)
        #expect(PinStanding(of: pin, alone, record: record, target: b, owner: b) == .notLed)
        #expect(PinStanding(of: pin, led, record: nil, target: a, owner: a) == .dead)
        record.isLeaving = true
        #expect(PinStanding(of: pin, led, record: record, target: b, owner: b) == .leaving)
        record.until = at(100_000)
        #expect(PinStanding(of: pin, led, record: record, target: a, owner: a) == .dead)
        let late = ControlState(now: at(200_000), reachableSince: at(0))
        #expect(PinStanding(of: pin, late, record: record, target: a, owner: a) == .ended)
    }

    @Test("over are pins of the dead, those whose time is over and those of lanes out of use; no others")
    func over() throws {
        var book = PinBook()
        let (a, gone) = (try member("a").text, try member("gone").text)
        let stored = ["\(a)|200000|0|x", "\(a)|100000|0|x", "\(gone)|200000|0|x", "\(a)|200000|0|x"]
        let pins = try stored.enumerated().map { try #require(LanePin(lane: lane($0), stored: $1)) }
        book.learn(pins, PinsStamp(number: 1, count: 4))
        let census = Census(
            [MemberRecord(id: try member("a"), beatAt: at(99_000), until: at(102_000))],
            at: ControlState(now: at(100_000), reachableSince: at(0)), lease: .seconds(3))
        #expect(book.over(census, lanes: try lanes(3)).map(\.lane) == pins[1...].map(\.lane))
        #expect(book.places(census).keys.sorted() == (try [lane(0), lane(2), lane(3)]))
        // Just after an outage nobody is dead yet.
        let fresh = Census([], at: ControlState(now: at(100_000), reachableSince: at(99_000)), lease: .seconds(3))
        #expect(book.over(fresh, lanes: try lanes(4)).map(\.lane) == [pins[1].lane])
    }

    @Test("a leader's pins end with the key that somebody took away, and with lines of it; anew they are pins again")
    func takenAway() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        let key = store.keyspace.control("pins")
        try store.pin(lanes(3), to: member("a"), for: .seconds(60), by: "ann")
        var book = PinBook()
        try book.read(store)
        let all = book.stamp
        _ = try store.connection.call(RedisCommand("HDEL", key, lane(1).text))
        try book.read(store)
        #expect(book.pins.map(\.lane) == (try [lane(0), lane(2)]))
        #expect(book.stamp != all, "what is placed by it is placed anew")
        _ = try store.connection.call(RedisCommand("DEL", key))
        try book.read(store)
        #expect(book.pins.isEmpty && book.fault == nil)
        try store.pin(lanes(3), to: member("a"), for: .seconds(60), by: "ann")
        try book.read(store)
        #expect(book.pins.count == 3)
    }

    @Test(
        "a key of pins that somebody edited leaves none, is told once a term by its name, and is read again once it is mended"
    )
    func editedKey() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        let key = store.keyspace.control("pins")
        let term = try store.lead(member("c"), lease: times.lease, gap: times.gap).state.term
        try store.pin(lanes(2), to: member("a"), for: .seconds(60), by: "ann")
        var book = PinBook()
        try book.read(store)
        let pins = book.pins
        #expect(pins.count == 2 && book.fault == nil)
        _ = try store.connection.call(RedisCommand("RENAME", key, "aside"))
        _ = try store.connection.call(RedisCommand("SET", key, "x"))
        #expect(try book.remove(pins, by: member("c"), term: term, store) == nil)
        #expect(book.pins.isEmpty && book.stamp == nil)
        try book.read(store)
        #expect(book.pins.isEmpty && book.stamp == nil)
        let told = ToldCauses()
        let log = Logger(label: "test") { _ in told }
        var doubts = LeaderDoubts()
        for _ in 0..<2 { doubts.log(book.fault, to: log) }
        #expect(told.causes.count == 1 && told.causes.allSatisfy { $0.hasPrefix("ns:{ctl}:pins: ") }, "\(told.causes)")
        _ = try store.connection.call(RedisCommand("RENAME", "aside", key))
        try book.read(store)
        #expect(book.pins == pins && book.fault == nil)
        // What the key has no part in is thrown.
        server.close()
        #expect(throws: LaneError.self) { try book.read(store) }
    }
}

/// Keeps the causes that lines of a log name.
private final class ToldCauses: LogHandler {
    private let told = Mutex<[String]>([])

    var causes: [String] { told.withLock { $0 } }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let cause = event.metadata?["cause"].map { "\($0)" }
        told.withLock { $0.append(cause ?? "none") }
    }
}
