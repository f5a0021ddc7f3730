/// What a simulated week came to. It depends on the settings alone.
package struct SimulationReport: Sendable, Equatable {
    /// What one kind of fault came to.
    package struct Faults: Sendable, Equatable {
        package var count = 0
        /// Seconds, as `SimulatedFault` counts them.
        package var recoveries: [Double] = []
        /// Hand-overs between two living workers within a minute of one.
        package var plannedMoves = 0
    }

    /// Points of capacity by which the busiest worker was above the mean: one figure a tick.
    package var imbalances: [Double] = []
    package var workerMinutes = 0.0
    /// Minutes after the first half hour that workers were busy for more than 80 % of their runners' time, summed.
    package var minutesOver80 = 0.0
    /// Hand-overs between two living workers.
    package var plannedMoves = 0
    /// Lanes of the dead that were placed, and lanes placed at the start.
    package var orphansPlaced = 0
    /// Lanes that members adopted while nobody led, as the next leader wrote them down.
    package var adopted = 0
    /// Milliseconds from release to take, of each planned hand-over.
    package var handOvers: [Double] = []
    /// Seconds in which a lane had nobody who worked it, summed over the lanes; their first take is not counted.
    package var idleLaneSeconds = 0.0
    /// Takes that a lane refused because it knew a newer assignment.
    package var refused = 0
    /// Owners that were fenced while they lived.
    package var fenced = 0
    /// Greatest backlog of all lanes together, in events.
    package var largestBacklog = 0.0
    /// Workers asked for less those that were needed by the same rule an hour later, for each hour.
    package var demandErrors: [Int] = []
    /// The fewest workers that were ever asked for after the first quarter of an hour; nil if that was never.
    package var leastDemand: Int?
    /// Lanes of which members and lanes disagree about the owner, or that nobody owns, at the end. 0 or a fault.
    package var disagreements = 0
    package var days = 0.0
    private var faults: [SimulatedFault: Faults] = [:]

    package init() {}

    package subscript(fault: SimulatedFault) -> Faults {
        get { faults[fault] ?? Faults() }
        set { faults[fault] = newValue }
    }

    package static func percentile(_ part: Double, of values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[min(values.count - 1, Int(Double(values.count) * part))]
    }

    package var movesPerDay: Double { Double(plannedMoves) / max(days, 1e-9) }

    /// Names and figures, as they are printed: the same names whatever happened.
    package var figures: [(name: String, value: Double)] {
        [
            ("minutes_over_80_percent", minutesOver80),
            ("minutes_over_80_percent_per_mille", workerMinutes > 0 ? minutesOver80 / workerMinutes * 1_000 : 0),
            ("planned_moves_per_day", movesPerDay),
            ("imbalance_points_median", Self.percentile(0.5, of: imbalances) * 100),
            ("imbalance_points_p99", Self.percentile(0.99, of: imbalances) * 100),
            ("orphans_placed", Double(orphansPlaced)), ("lanes_adopted", Double(adopted)),
            ("hand_over_ms_p99", Self.percentile(0.99, of: handOvers)),
            ("hand_over_ms_longest", handOvers.max() ?? 0),
            ("idle_lane_seconds", idleLaneSeconds),
            ("takes_refused", Double(refused)), ("owners_fenced", Double(fenced)),
            ("largest_backlog_events", largestBacklog),
            ("workers_asked_least", Double(leastDemand ?? 0)),
            ("workers_asked_short_hours", Double(demandErrors.count { $0 < 0 })),
            ("disagreements", Double(disagreements)),
        ] + SimulatedFault.allCases.flatMap(figures)
    }

    private func figures(of fault: SimulatedFault) -> [(name: String, value: Double)] {
        let found = self[fault]
        return [
            ("\(fault.rawValue)_count", Double(found.count)),
            ("\(fault.rawValue)_recovery_s_median", Self.percentile(0.5, of: found.recoveries)),
            ("\(fault.rawValue)_recovery_s_longest", found.recoveries.max() ?? 0),
            ("\(fault.rawValue)_moves_within_a_minute", Double(found.plannedMoves)),
        ]
    }
}
