import Contracts
import Coordination
import Instants
import Membership
import Testing

@Suite("LoadForecast")
struct LoadForecastTests {
    /// One partition of four lanes whose people are there from 9 to 17 on weekdays; after that three times as much comes.
    private struct Town {
        var forecast = LoadForecast()
        /// A Monday, 0:00.
        var now = Instant(milliseconds: 345_600_000)
        var closesEarly = false
        let shares = [0.5, 0.25, 0.25, 0]

        init() { use() }

        mutating func use() {
            let early = closesEarly
            forecast.use(["de-berlin": PartitionHours(offset: { _ in 0 }, isOpen: { Self.isOpen($0) && !early })])
        }

        static func isOpen(_ instant: Instant) -> Bool {
            let hour = PartitionHours.unknown.hour(at: instant)
            return hour < 120 && (9..<17).contains(hour % 24)
        }

        mutating func pass(hours: Int, factor: Double = 1) throws {
            for _ in 0..<hours * 6 {
                now = now + .seconds(600)
                let rate = factor * (Self.isOpen(now) && !closesEarly ? 10.0 : 30)
                forecast.observe(try shares.enumerated().map { (try lane($0), rate * $1) }, now: now)
            }
        }

        func ahead(_ index: Int = 0) throws -> Outlook {
            forecast.outlook(of: try lane(index), load: 0.1, cost: 0.001)
        }
    }

    @Test("a week later the load after closing is foreseen an hour before it comes")
    func week() throws {
        var town = Town()
        try town.pass(hours: 168 + 24 + 16)
        #expect(Town.isOpen(town.now))
        let outlook = try town.ahead()
        #expect(outlook.now == 0.1)
        #expect(abs(outlook.nextHour - 0.015) < 0.001)
        #expect(abs(try town.ahead(1).nextHour - 0.0075) < 0.001)
        #expect(try town.ahead(3).nextHour == 0)
    }

    @Test("before a partition's week is known its calendar alone says that more will come once people have gone")
    func unknownWeek() throws {
        var town = Town()
        town.now = town.now + .seconds(9 * 3_600)
        try town.pass(hours: 7)
        let outlook = try town.ahead()
        #expect(abs(outlook.nextHour - 0.01) < 0.001)
        #expect(abs(outlook.values[2] - 0.01) < 0.001)
    }

    @Test("a holiday's hours are expected as those in which nobody is there")
    func holiday() throws {
        var town = Town()
        try town.pass(hours: 168 + 8)
        town.closesEarly = true
        town.use()
        #expect(town.forecast.expected("de-berlin", at: town.now + .seconds(7_200)) == 30)
    }

    @Test("twice the usual load is expected to last for the next hour, and half forgotten in three")
    func today() throws {
        var town = Town()
        try town.pass(hours: 168)
        try town.pass(hours: 2, factor: 2)
        let next = try town.ahead().nextHour
        #expect((0.022...0.030).contains(next))
        let later = try town.ahead().values[5]
        #expect((0.005...0.012).contains(later))
    }

    @Test("what it learned goes on in a successor that reads it")
    func successor() throws {
        var town = Town()
        try town.pass(hours: 168 + 24 + 16)
        let kept = town.forecast.takeChanged(most: 10)
        #expect(kept.map(\.partition) == ["de-berlin"])
        #expect(town.forecast.takeChanged(most: 10).isEmpty)
        let read = try #require(kept.first.flatMap { HourProfile(text: $0.profile.text) })
        var heir = LoadForecast(profiles: ["de-berlin": read])
        heir.use(["de-berlin": PartitionHours(offset: { _ in 0 }, isOpen: { Town.isOpen($0) })])
        heir.observe(try town.shares.enumerated().map { (try lane($0), 10 * $1) }, now: town.now)
        let outlook = heir.outlook(of: try lane(0), load: 0.1, cost: 0.001)
        #expect(abs(outlook.nextHour - 0.015) < 0.001)
    }

    @Test("an hour of which less than half was seen teaches nothing, nor does a clock that was set back")
    func pieces() throws {
        var town = Town()
        town.now = town.now + .seconds(2_400)
        try town.pass(hours: 1)
        #expect(town.forecast.takeChanged(most: 10).isEmpty)
        town.now = town.now - .seconds(86_400)
        try town.pass(hours: 0)
        town.forecast.observe([(try lane(0), .nan), (try lane(1), -3)], now: town.now)
        #expect(try town.ahead(2).values[1].isFinite)
    }

    @Test(
        "workers are asked for by load over six tenths of what one carries, and one more",
        arguments: [
            (0.0, [2.0, 2], 1), (1.2, [2, 2], 2), (1.21, [2, 2], 3), (12, [], 21), (.nan, [1], 1), (.infinity, [4], 2),
        ] as [(Double, [Double], Int)])
    func demand(load: Double, capacities: [Double], workers: Int) {
        let loads =
            load > 1 && load.isFinite
            ? [Outlook](repeating: Outlook(flat: load / 12), count: 12) : [Outlook(flat: load)]
        #expect(WorkerDemand(loads, capacities: capacities).now == workers)
    }
}
