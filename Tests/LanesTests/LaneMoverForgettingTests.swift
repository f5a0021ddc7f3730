import Contracts
import Instants
import Lanes
import TestSupport
import Testing

@Suite("Moves of lanes in which somebody is forgotten")
struct LaneMoverForgettingTests {
    private static let person = Person(account: "shop", contact: "4915550001")

    private static func order(_ position: Position, at seconds: Int64 = 1_000) -> ForgetOrder {
        ForgetOrder(
            code: "c1", account: person.account, contact: person.contact, position: position,
            at: Instant(seconds: seconds))
    }

    private static func begin(_ order: ForgetOrder, in lane: LaneName, _ house: MovingHouse) throws {
        var note = ForgetNote(lane: lane, token: try house.token(of: lane))
        try note.begin(order, now: Instant(seconds: 2_000))
        #expect(try house.store.note(note))
    }

    private static func end(_ order: ForgetOrder, in lane: LaneName, _ house: MovingHouse) throws {
        var note = ForgetNote(lane: lane, token: try house.token(of: lane))
        note.end(order, ForgetTally(), ThreadsLeft(gone: [7]), now: Instant(seconds: 2_000))
        #expect(try house.store.note(note))
    }

    private static func stones(_ house: MovingHouse) throws -> [LaneName: Tombstone] {
        let lanes = try house.topologies.read().readableLanes
        var stones: [LaneName: Tombstone] = [:]
        for (lane, people) in zip(lanes, try house.store.forgotten(lanes)) {
            stones[lane] = people?.tombstones[person.hash]
        }
        return stones
    }

    @Test("a move waits at work until orders are carried out and late events erased; tombstones go to every lane")
    func waits() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let house = try MovingHouse.fresh(redis)
        try house.turn()
        let lane = try LaneName("de-berlin.1")
        let order = Self.order(Position(entry: EntryID(milliseconds: 5, sequence: 0), index: 0))
        try Self.begin(order, in: lane, house)
        let move = try house.begin(resizeTo: 4)
        let mover = house.mover()
        #expect(try mover.carryOn(move) == .waiting(["de-berlin.1: 1 persons are being forgotten"]))
        // It is not stopped meanwhile.
        #expect(try house.store.look([lane])[0].isSettling == false)
        try Self.end(order, in: lane, house)
        var late = ForgetNote(lane: lane, token: try house.token(of: lane))
        late.late([Position(entry: EntryID(milliseconds: 6, sequence: 0), index: 0)])
        #expect(try house.store.note(late))
        #expect(try mover.carryOn(move) == .waiting(["de-berlin.1: 1 late events are still to be erased"]))
        late = ForgetNote(lane: lane, token: try house.token(of: lane))
        late.erased(late: [Position(entry: EntryID(milliseconds: 6, sequence: 0), index: 0)])
        #expect(try house.store.note(late))
        try house.finish(move, mover)
        let stones = try Self.stones(house)
        for number in 0..<4 { #expect(stones[try PartitionName("de-berlin").lane(number)]?.at == order.at) }
        #expect(stones[try LaneName("us-ny.0")] == nil)
        // Who ordered it asks the lanes that had the order.
        let people = try house.store.forgotten([lane, try LaneName("de-berlin.3")])
        #expect(people[0]?.threadsLeft(of: order.name) == ThreadsLeft(gone: [7]))
        #expect(people[1]?.standing(of: "c1") == .unknown)
        try house.turn()
        try house.check()
    }

    @Test(
        "tombstones are whole wherever a mover dies, the later one of a person counts, and a lane goes on behind them",
        arguments: [true, false])
    func diesAnywhere(resizes: Bool) throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        for number in stride(from: 1, to: 1_000, by: 7) {
            let house = try MovingHouse.fresh(redis)
            try house.turn()
            let (source, target) = (try LaneName("de-berlin.1"), try LaneName("us-ny.0"))
            let old = Self.order(Position(entry: EntryID(milliseconds: 5, sequence: 0), index: 0), at: 500)
            try Self.begin(old, in: target, house)
            try Self.end(old, in: target, house)
            let last = try #require(try house.store.log(source).last?.id)
            let new = Self.order(Position(entry: last, index: 0))
            try Self.begin(new, in: source, house)
            try Self.end(new, in: source, house)
            let border = MoverBorder(number)
            func begin() throws -> MoveReply { try house.begin(resizes: resizes) }
            guard case .stands(let move) = try begin() else {
                Issue.record("expected it to begin")
                return
            }
            do {
                try house.finish(move, house.mover(border.pass))
            } catch is MoveError {
                if case .stands(let again) = try begin() { try house.finish(again, house.mover()) }
            }
            let others = resizes ? ["de-berlin.0", "de-berlin.2", "de-berlin.3"] : ["us-ny.0", "us-ny.1"]
            let stones = try Self.stones(house)
            for name in others { #expect(stones[try LaneName(name)]?.position == new.position, "\(number) \(name)") }
            #expect(stones[target]?.at == (resizes ? old.at : new.at), "\(number)")
            try house.turn()
            try house.check()
            try house.append()
            for name in others {
                let lane = try LaneName(name)
                guard let newest = try house.store.log(lane).last?.id else { continue }
                #expect(newest > last, "\(number) \(name)")
            }
            guard border.isPassed else { return }
        }
    }
}
