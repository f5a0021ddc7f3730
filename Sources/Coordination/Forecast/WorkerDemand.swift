/// How many workers there ought to be, for whoever starts and stops them.
///
/// `ceil(load / (runners of a worker · target)) + spare`: at `target` a worker has room for what its neighbour's death
/// brings and for what no forecast knows; `spare` is that neighbour.
package struct WorkerDemand: Sendable, Hashable {
    /// The part of its runners' time that a worker is to be busy.
    package static let target = 0.6
    package static let spare = 1

    /// Load of all lanes in runners.
    package let loadNow: Double
    package let loadNextHour: Double
    package let living: Int
    /// Mean of what living workers declare; 1 without any.
    package let runnersPerWorker: Double
    package let now: Int
    package let nextHour: Int

    /// - Parameter capacities: of the living workers, in runners.
    package init(_ loads: some Sequence<Outlook>, capacities: [Double]) {
        let all = loads.reduce(into: Outlook.zero) { $0 += $1.contained(most: LoadPlacement.mostLoad) }
        let runners = capacities.isEmpty ? 1 : max(capacities.reduce(0, +) / Double(capacities.count), 0.01)
        loadNow = all.now
        loadNextHour = all.nextHour
        living = capacities.count
        runnersPerWorker = runners
        now = Self.workers(all.now, runners)
        nextHour = Self.workers(all.nextHour, runners)
    }

    /// Reads what `facts` gives, as a table; nil if a figure is missing.
    package init?(_ figures: [String: Int]) {
        guard let now = figures["desired.now"], let nextHour = figures["desired.next_hour"],
            let living = figures["living"], let loadNow = figures["load_milli.now"],
            let loadNextHour = figures["load_milli.next_hour"], let runners = figures["runners_milli"]
        else { return nil }
        self.now = now
        self.nextHour = nextHour
        self.living = living
        self.loadNow = Double(loadNow) / 1_000
        self.loadNextHour = Double(loadNextHour) / 1_000
        runnersPerWorker = Double(runners) / 1_000
    }

    /// Named figures, for signals and JSON; loads in thousandths of a runner.
    package var facts: [(name: String, value: Int)] {
        [
            ("desired.next_hour", nextHour), ("desired.now", now), ("living", living),
            ("load_milli.next_hour", Self.milli(loadNextHour)), ("load_milli.now", Self.milli(loadNow)),
            ("runners_milli", Self.milli(runnersPerWorker)),
        ]
    }

    private static func milli(_ value: Double) -> Int { Int((value * 1_000).rounded()) }

    private static func workers(_ load: Double, _ runners: Double) -> Int {
        Int((load / (runners * target)).rounded(.up)) + spare
    }
}
