package import Contracts
package import Instants
package import Membership

// Problem: who begins to lead has measured nothing. Whoever reads from it how many workers there ought to be would stop
// all but one of them, and a forecast made from no load would move lanes.
// Choice: until the book is warm nothing is foreseen, and what the predecessor said last stands, with its instant. The
// forecast is made anew at the moment at which the book is warm.
// How it fails: a first leader, and one whose predecessor's word is lost, has none to give for half a minute.

/// What a leader knows of load: the book of what lanes cost now and the forecast of what they will cost.
package struct LoadView: Sendable {
    package private(set) var book = LoadBook()
    package private(set) var forecast: LoadForecast
    /// What the last round with a warm book came to, or before there was one the predecessor's; nil without either.
    package private(set) var demand: DemandWord?

    /// - Parameter word: what the predecessor said last.
    package init(profiles: [String: HourProfile] = [:], word: DemandWord? = nil) {
        forecast = LoadForecast(profiles: profiles)
        demand = word
    }

    package mutating func use(_ hours: [String: PartitionHours]) { forecast.use(hours) }

    /// Takes in one round; see `LoadBook` and `LoadForecast`.
    package mutating func observe(_ counts: [LaneCount], _ records: [MemberRecord], now: Instant) {
        let wasWarm = book.isWarm
        book.observe(counts, records, now: now)
        guard book.hasRates else { return }
        if book.isWarm, !wasWarm { forecast.outdate() }
        forecast.observe(
            counts.enumerated().map { place, count in (count.lane, book.rate(of: count.lane, near: place)) }, now: now)
    }

    /// What placement is to go by. With `foresees` false, only what was measured.
    package mutating func figures(of lanes: [LaneName], at now: Instant, foresees: Bool = true) -> PlacementFigures {
        var figures = PlacementFigures()
        figures.capacities = book.capacities
        figures.isWarm = book.isWarm
        figures.loads.reserveCapacity(lanes.count)
        let cost = book.usualCost
        for (place, lane) in lanes.enumerated() {
            let load = book.load(of: lane, near: place)
            figures.loads[lane] =
                foresees && book.isWarm
                ? forecast.outlook(of: lane, near: place, load: load, cost: cost) : Outlook(flat: load)
        }
        guard book.isWarm else { return figures }
        let made = WorkerDemand(
            lanes.lazy.compactMap { figures.loads[$0] },
            capacities: figures.capacities.sorted { $0.key < $1.key }.map(\.value))
        demand = DemandWord(demand: made, at: now)
        return figures
    }

    /// Profiles that are to be kept; see `LoadForecast.takeChanged`.
    package mutating func takeChanged(most: Int) -> [(partition: String, profile: HourProfile)] {
        forecast.takeChanged(most: most)
    }
}
