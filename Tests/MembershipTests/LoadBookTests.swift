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
        #expect(!world.book.isWarm)
        for _ in 0..<30 { try world.second([0, 0, 0], busy: [:]) }
        #expect(world.book.isWarm)
        world.now = world.now - .seconds(3_600)
        try world.second([0, 0, 0], busy: [:])
        #expect(!world.book.isWarm)
    }

    @Test("the first rates stand as they were measured: nothing is evened out from 0")
    func begins() throws {
        var world = World()
        try world.second([3_000, 1_000, 500], busy: ["a": 400, "b": 100])
        #expect(!world.book.hasRates)
        try world.second([3_000, 1_000, 500], busy: ["a": 400, "b": 100])
        #expect(try abs(world.load(0) - 0.3) < 0.01)
        #expect(try abs(world.load(2) - 0.1) < 0.01)
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
        "a lone member's declared runners from 1 to 1,024 are believed",
        arguments: [(0, 1.0), (-5, 1.0), (7, 7.0), (Int.max, 1_024.0)])
    func runners(declared: Int, counted: Double) throws {
        var world = World()
        try world.second([0, 0, 0], busy: ["a": 0], runners: declared)
        #expect(world.book.capacities == [try member("a"): counted])
    }

    @Test(
        "runners beyond four times the median of the living, and beyond 64, count as the median and are named",
        arguments: [(64, 64.0, 0), (65, 2, 1), (2_000_000_000, 2, 1), (Int.max, 2, 1)])
    func exaggerated(declared: Int, counted: Double, named: Int) throws {
        var book = LoadBook()
        let records = try [2, 2, declared].enumerated().map { index, runners in
            MemberRecord(
                id: try member("w\(index)"), beatAt: at(1_000), until: at(4_000),
                load: MemberLoad(runners: runners, busy: 0))
        }
        book.observe([], records, now: at(1_000))
        #expect(try book.capacities[member("w2")] == counted)
        #expect(book.containedCount == named && book.contained.count == named)
        #expect(try book.contained.allSatisfy { $0.subject == "member \(try member("w2"))" })
    }

    @Test("where all members are large, a larger one is believed up to four times the median")
    func large() throws {
        var book = LoadBook()
        let records = try [96, 96, 384, 385].enumerated().map { index, runners in
            MemberRecord(
                id: try member("w\(index)"), beatAt: at(1_000), until: at(4_000),
                load: MemberLoad(runners: runners, busy: 0))
        }
        book.observe([], records, now: at(1_000))
        #expect(try book.capacities[member("w2")] == 384 && book.capacities[member("w3")] == 96)
    }

    @Test("a member that reports absurd runners is given no more lanes than a peer, warm or not", arguments: [1, 60])
    func noMore(seconds: Int) throws {
        var view = LoadView()
        let names = try lanes(48)
        for second in 0...seconds {
            let now = at(1_000_000) + .seconds(second)
            let records = try [2, 2, 2_000_000_000].enumerated().map { index, runners in
                MemberRecord(
                    id: try member("w\(index)"), beatAt: now, until: now + .seconds(3),
                    load: MemberLoad(runners: runners, busy: 200))
            }
            let counts = names.map { LaneCount(lane: $0, owner: nil, decided: UInt64(second * 20), pending: 0) }
            view.observe(counts, records, now: now)
        }
        let members = try (0..<3).map { try member("w\($0)") }
        let plan = LoadPlacement().plan(
            PlacementInput(
                members: members, lanes: names, current: [:], share: 48,
                figures: view.figures(of: names, at: at(1_000_000) + .seconds(seconds))))
        #expect(plan.count == 48)
        for id in members { #expect((15...17).contains(plan.count { $0.member == id })) }
        if let word = view.demand { #expect(word.demand.runnersPerWorker == 2) }
    }

    @Test("a member's record with words for figures is still a member")
    func record() throws {
        let record = try #require(
            MemberRecord(id: try member("a"), stored: "1000|4000|1|NaN|1e99|-|nil|0|1.0"))
        #expect(record.until == at(4_000) && record.load == MemberLoad(runners: 0) && record.held == 0)
        #expect(MemberRecord(id: try member("a"), stored: "NaN|4000|1|2|0|0|0|0|1.0") == nil)
    }
}
