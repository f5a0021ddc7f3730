import Instants

/// How the clocks of several zones stand to each other, for one span of time after another.
///
/// Zones that change at one instant by the same amount, as those of the European Union do, keep their relation.
struct ClockRelations {
    let stretches: [Stretch]

    struct Stretch: Hashable {
        let start: Int
        var end: Int
        /// Seconds ahead of UTC when the stretch begins; what counts is how they differ.
        let offsets: [ZoneName: Int]
        /// The zones that changed when it began, by name; none for the first one.
        let changed: [ZoneName]

        var length: Int { end - start }
    }

    /// A season shorter than this, such as the weeks between two continents' changes, or Ramadan in Morocco, is an
    /// exception to the one beside it and never the other way round.
    private static let longSeason = 60 * 86_400

    /// O(changes of clocks from `start` to `end`).
    init(of zones: [ZoneRules], from start: Int, to end: Int) {
        var stretches = [Stretch(start: start, end: end, offsets: Self.offsets(of: zones, at: start), changed: [])]
        var position = start
        while let change = Self.nextChange(of: zones, after: position), change < end {
            let (before, after) = (Self.offsets(of: zones, at: position), Self.offsets(of: zones, at: change))
            position = change
            let moves = Set(zones.map { (after[$0.name] ?? 0) - (before[$0.name] ?? 0) })
            guard moves.count > 1 else { continue }
            let changed = zones.map(\.name).filter { after[$0] != before[$0] }
            stretches[stretches.count - 1].end = change
            stretches.append(Stretch(start: change, end: end, offsets: after, changed: changed.sorted()))
        }
        self.stretches = stretches
    }

    /// The changes of clocks that a spell from `start` to `end` is to be compared across: the stretch in which the
    /// clocks stand as they would without the change, and the stretch that the change begins.
    func alternatives(from start: Int, to end: Int) -> [(usual: Stretch, change: Stretch)] {
        let touched = stretches.indices.filter { stretches[$0].start < end && start < stretches[$0].end }
        guard let first = touched.first, let last = touched.last else { return [] }
        var found: [(usual: Stretch, change: Stretch)] = []
        for index in first...last {
            for other in [index - 1, index + 1] where stretches.indices.contains(other) {
                let (own, beside) = (stretches[index], stretches[other])
                guard beside.length >= min(own.length, Self.longSeason) else { continue }
                found.append((beside, stretches[max(index, other)]))
            }
        }
        return found
    }

    private static func offsets(of zones: [ZoneRules], at seconds: Int) -> [ZoneName: Int] {
        Dictionary(zones.map { ($0.name, $0.stretch(at: seconds).offset) }, uniquingKeysWith: { first, _ in first })
    }

    private static func nextChange(of zones: [ZoneRules], after seconds: Int) -> Int? {
        zones.compactMap { $0.nextTransition(after: Instant(seconds: Int64(seconds))) }.min().map { Int($0.seconds) }
    }
}
