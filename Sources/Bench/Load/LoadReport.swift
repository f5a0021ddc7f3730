/// Several runs' figures as the command prints them: medians, and the smallest and largest beside them.
package struct LoadReport: Sendable, Encodable {
    package struct Spread: Sendable, Encodable {
        package let median: Double
        package let least: Double
        package let most: Double

        package init(_ values: [Double], digits: Double = 100) {
            let sorted = values.map { ($0 * digits).rounded() / digits }.sorted()
            median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            least = sorted.first ?? 0
            most = sorted.last ?? 0
        }
    }

    private enum CodingKeys: String, CodingKey {
        case handler, durability, runs, mix, spreads, nights, strays
        case decisionsPerSecond = "decisions_per_s"
        case redisPerDecision = "redis_us_per_decision"
        case redisPerAction = "redis_us_per_action"
        case redisInAll = "redis_us_per_decision_in_all"
        case workerPerDecision = "worker_us_per_decision"
        case courierPerDecision = "courier_us_per_decision"
        case producersPerDecision = "producers_us_per_decision"
        case actionsPerDecision = "actions_per_decision"
        case decisionsPerCommit = "decisions_per_commit"
    }

    package let handler: String
    package let durability: String
    package let runs: Int
    package let nights: Int
    package let mix: [String: Double]
    package let strays: [String: Int]
    package let spreads: [String: Spread]
    package let decisionsPerSecond: Double
    /// Of a decision without action: from runs of the same mix in which no action is committed.
    package let redisPerDecision: Double
    /// What Redis spends more, per action, in the runs with actions: commit, claim, settlement, and the decision about the
    /// outcome. Nil if there were no runs without actions.
    package let redisPerAction: Double?
    /// Everything that Redis spent in the runs with actions, per decision.
    package let redisInAll: Double
    /// Runners and courier.
    package let workerPerDecision: Double
    package let courierPerDecision: Double
    package let producersPerDecision: Double
    package let actionsPerDecision: Double
    package let decisionsPerCommit: Double

    /// - Parameter silent: runs of the same mix without actions; empty: there are none to subtract.
    package init(_ figures: [LoadFigures], silent: [LoadFigures], handler: String, durability: String) {
        func spread(_ values: [LoadFigures], _ value: (LoadFigures) -> Double) -> Spread { Spread(values.map(value)) }
        self.handler = handler
        self.durability = durability
        runs = figures.count
        nights = figures.map(\.nights).min() ?? 0
        mix = Dictionary(
            LoadClass.allCases.map { one in (one.rawValue, spread(figures) { $0.tally.percent(one) }.median) },
            uniquingKeysWith: { first, _ in first })
        strays = figures.first?.tally.strays ?? [:]
        let perSecond = Spread(figures.map(\.decisionsPerSecond), digits: 1)
        let inAll = spread(figures) { $0.redisPerDecision }
        let alone = spread(silent.isEmpty ? figures : silent) { $0.redisPerDecision }
        let worker = spread(figures) { $0.workerPerDecision }
        let actions = spread(figures) { Double($0.actions) / Double(max(1, $0.decisions)) }
        decisionsPerSecond = perSecond.median
        redisInAll = inAll.median
        redisPerDecision = alone.median
        workerPerDecision = worker.median
        actionsPerDecision = actions.median
        redisPerAction =
            silent.isEmpty || actions.median == 0
            ? nil : ((inAll.median - alone.median) / actions.median * 100).rounded() / 100
        courierPerDecision = spread(figures) { $0.perDecision($0.courier) }.median
        producersPerDecision = spread(figures) { $0.perDecision($0.producers) }.median
        decisionsPerCommit = spread(figures) { Double($0.decisions) / Double(max(1, $0.commits)) }.median
        spreads = [
            "decisions_per_s": perSecond, "redis_us_per_decision": alone, "redis_us_per_decision_in_all": inAll,
            "worker_us_per_decision": worker,
        ]
    }
}
