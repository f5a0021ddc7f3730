package import Contracts
package import Instants
package import Membership

/// What a leader knows of load: the book of what lanes cost now and the forecast of what they will cost.
package struct LoadView: Sendable {
    package private(set) var book = LoadBook()
    package private(set) var forecast: LoadForecast
    /// What the last round came to; nil before `figures` was asked.
    package private(set) var demand: WorkerDemand?

    package init(profiles: [String: HourProfile] = [:]) { forecast = LoadForecast(profiles: profiles) }

    package mutating func use(_ hours: [String: PartitionHours]) { forecast.use(hours) }

    /// Takes in one round; see `LoadBook` and `LoadForecast`.
    package mutating func observe(_ counts: [LaneCount], _ records: [MemberRecord], now: Instant) {
        book.observe(counts, records, now: now)
        forecast.observe(counts.map { ($0.lane, book.rate(of: $0.lane)) }, now: now)
    }

    /// What placement is to go by. With `foresees` false, only what was measured.
    package mutating func figures(of lanes: [LaneName], at now: Instant, foresees: Bool = true) -> PlacementFigures {
        var figures = PlacementFigures()
        figures.capacities = book.capacities
        figures.isWarm = book.isWarm(at: now)
        figures.loads.reserveCapacity(lanes.count)
        let cost = book.usualCost
        for lane in lanes {
            let load = book.load(of: lane)
            figures.loads[lane] =
                foresees ? forecast.outlook(of: lane, load: load, cost: cost) : Outlook(flat: load)
        }
        demand = WorkerDemand(
            lanes.compactMap { figures.loads[$0] },
            capacities: figures.capacities.sorted { $0.key < $1.key }.map(\.value))
        return figures
    }

    /// Profiles that are to be kept; see `LoadForecast.takeChanged`.
    package mutating func takeChanged(most: Int) -> [(partition: String, profile: HourProfile)] {
        forecast.takeChanged(most: most)
    }
}
