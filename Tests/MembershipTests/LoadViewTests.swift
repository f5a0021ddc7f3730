import Contracts
import Coordination
import Instants
import Membership
import Testing

@Suite("What a leader says of load")
struct LoadViewTests {
    /// Eight lanes on two workers of two runners that decide 16,000 a second at 50 µs each.
    private struct House {
        var now = Instant(milliseconds: 345_600_000)
        var decided: UInt64 = 1_000_000

        mutating func second(_ view: inout LoadView, rate: UInt64 = 2_000) throws {
            now = now + .seconds(1)
            decided += rate
            let records = try ["a", "b"].map { name in
                MemberRecord(
                    id: try member(name), beatAt: now, until: now + .seconds(3),
                    load: MemberLoad(runners: 2, busy: Int(rate) * 4 / 20))
            }
            let counts = try (0..<8).map { index in
                LaneCount(lane: try lane(index), owner: records[index % 2].id, decided: decided, pending: 0)
            }
            view.observe(counts, records, now: now)
        }

        func figures(_ view: inout LoadView) throws -> PlacementFigures {
            view.figures(of: try lanes(8), at: now)
        }
    }

    @Test("a new leader under load wants nothing of anybody until it is warm, and then no less than the one before it")
    func changeOfLeader() throws {
        var (house, first) = (House(), LoadView())
        for _ in 0..<120 {
            try house.second(&first)
            _ = try house.figures(&first)
        }
        let before = try #require(first.demand)
        #expect(before.demand.now == 2 && before.at == house.now)

        var (alone, heir) = (LoadView(), LoadView(word: before))
        for second in 0..<30 {
            var same = house
            try same.second(&alone)
            try house.second(&heir)
            #expect(try !house.figures(&alone).isWarm && alone.demand == nil, "after \(second) s")
            _ = try house.figures(&heir)
            #expect(heir.demand == before, "after \(second) s")
        }
        try house.second(&heir)
        let figures = try house.figures(&heir)
        #expect(figures.isWarm && heir.demand?.at == house.now)
        let after = try #require(heir.demand?.demand)
        #expect(after.now >= before.demand.now && after.nextHour >= before.demand.nextHour)
        #expect(abs(after.loadNow - before.demand.loadNow) < 0.02)
        #expect(try #require(figures.loads[lane(0)]).nextHour > 0.09)
    }

    @Test("before a leader is warm it foresees nothing: each lane counts as what was measured of it, now and later")
    func foreseesNothing() throws {
        var profile = HourProfile()
        for hour in 0..<HourProfile.hours { profile.learn(hour, rate: 1_000_000, wasOpen: false) }
        var (house, view) = (House(), LoadView(profiles: ["de-berlin": profile]))
        for second in 0..<32 {
            try house.second(&view)
            let outlook = try #require(try house.figures(&view).loads[lane(0)])
            if second <= 29 {
                #expect(outlook == Outlook(flat: outlook.now), "after \(second) s")
            } else {
                #expect(outlook.nextHour > 2 * outlook.now, "after \(second) s")
            }
        }
    }

    @Test(
        "what a leader said is read back from the signals, with its instant; a figure that is missing makes it no word")
    func word() throws {
        let demand = WorkerDemand([Outlook(flat: 3)], capacities: [2, 2])
        let facts = demand.facts.map {
            Signal(name: "workers.\($0.name)", value: "\($0.value)", at: at(7), writer: "c")
        }
        let others = [Signal(name: "members", value: "9", at: at(1), writer: "c")]
        #expect(DemandWord(others + facts) == DemandWord(demand: demand, at: at(7)))
        for index in facts.indices {
            var fewer = facts
            fewer.remove(at: index)
            #expect(DemandWord(fewer) == nil, "without \(facts[index].name)")
        }
    }
}
