import Contracts
import Coordination
import Instants
import Membership
import Testing

@Suite("LoadBook")
struct LoadBookTests {
    /// Two lanes on one worker, a third on another, with what they decide each second.
    private struct World {
        var book = LoadBook()
        var now = Instant(milliseconds: 1_000_000)
        var decided: [UInt64] = [0, 0, 0]
        var pending: [UInt64] = [0, 0, 0]
        var owners = ["a", "a", "b"]

        func load(_ index: Int) throws -> Double { book.load(of: try lane(index)) }

        mutating func second(_ events: [UInt64], busy: [String: Int], runners: Int = 2) throws {
            now = now + .seconds(1)
            for index in decided.indices { decided[index] &+= events[index] }
            let counts = try decided.indices.map { index in
                LaneCount(
                    lane: try lane(index), owner: try member(owners[index]), decided: decided[index],
                    pending: pending[index])
            }
            let records = try busy.sorted { $0.key < $1.key }.map { name, busy in
                MemberRecord(
                    id: try member(name), beatAt: now, until: now + .seconds(3),
                    load: MemberLoad(runners: runners, busy: busy))
            }
            book.observe(counts, records, now: now)
        }
    }

    @Test("a member's busy time falls on its lanes by what each decided")
    func apportions() throws {
        var world = World()
        for _ in 0..<240 { try world.second([3_000, 1_000, 500], busy: ["a": 400, "b": 100]) }
        #expect(try abs(world.load(0) - 0.3) < 0.01)
        #expect(try abs(world.load(1) - 0.1) < 0.01)
        #expect(try abs(world.load(2) - 0.1) < 0.01)
        #expect(world.book.capacities == [try member("a"): 2, try member("b"): 2])
    }

    @Test("a lane that moves is at once its new owner's load, at its new owner's cost")
    func moves() throws {
        var world = World()
        for _ in 0..<240 { try world.second([3_000, 1_000, 500], busy: ["a": 400, "b": 100]) }
        world.owners = ["b", "a", "b"]
        try world.second([3_000, 1_000, 500], busy: ["a": 100, "b": 700])
        #expect(try (0.2...0.7).contains(world.load(0)))
        #expect(try world.load(1) < 0.12)
    }

    @Test("a backlog counts at once, by what it costs to decide it within half a minute")
    func backlog() throws {
        var world = World()
        for _ in 0..<240 { try world.second([1_000, 1_000, 1_000], busy: ["a": 200, "b": 100]) }
        let before = try world.load(2)
        world.pending = [0, 0, 60_000]
        try world.second([1_000, 1_000, 1_000], busy: ["a": 200, "b": 100])
        #expect(try abs(world.load(2) - before - 0.2) < 0.01)
    }

    @Test("it is warm half a minute after its first round, and cold again when the clock was set back")
    func warm() throws {
        var world = World()
        try world.second([0, 0, 0], busy: [:])
        #expect(!world.book.isWarm(at: world.now))
        for _ in 0..<30 { try world.second([0, 0, 0], busy: [:]) }
        #expect(world.book.isWarm(at: world.now))
        world.now = world.now - .seconds(3_600)
        try world.second([0, 0, 0], busy: [:])
        #expect(!world.book.isWarm(at: world.now))
    }

    @Test(
        "figures that cannot be are named and brought to what can be",
        arguments: [Int.min, -1, 2_201, 1_000_000_000, Int.max])
    func absurd(busy: Int) throws {
        var world = World()
        for _ in 0..<60 { try world.second([100, 100, 100], busy: ["a": busy, "b": 100]) }
        #expect(world.book.contained.count == 1)
        for index in 0..<3 { #expect((0...2).contains(try world.load(index))) }
    }

    @Test("a count of decisions that goes back or leaps is no load", arguments: [UInt64.max, 0])
    func counters(value: UInt64) throws {
        var world = World()
        for _ in 0..<60 { try world.second([100, 100, 100], busy: ["a": 100, "b": 100]) }
        world.decided[1] = value
        try world.second([100, 0, 100], busy: ["a": 100, "b": 100])
        #expect(world.book.contained.count == 1)
        #expect(try world.load(1).isFinite && world.load(1) <= 2)
    }

    @Test(
        "declared runners from 1 to 1,024 are believed", arguments: [(0, 1.0), (-5, 1.0), (7, 7.0), (Int.max, 1_024.0)])
    func runners(declared: Int, counted: Double) throws {
        var world = World()
        try world.second([0, 0, 0], busy: ["a": 0], runners: declared)
        #expect(world.book.capacities == [try member("a"): counted])
    }

    @Test("a member's record with words for figures is still a member")
    func record() throws {
        let record = try #require(
            MemberRecord(id: try member("a"), stored: "1000|4000|1|NaN|1e99|-|nil|0|1.0"))
        #expect(record.until == at(4_000) && record.load == MemberLoad(runners: 0) && record.held == 0)
        #expect(MemberRecord(id: try member("a"), stored: "NaN|4000|1|2|0|0|0|0|1.0") == nil)
    }
}
