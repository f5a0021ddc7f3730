/// When each of several teams is there within a window: lists to be swept, not a calendar to be asked.
struct TeamPeriods {
    /// One list a team, ascending, clipped to the window.
    private let lists: [[CoveredSeconds]]
    /// What at least one team covers.
    let covered: [CoveredSeconds]
    /// What at least two teams cover.
    let shared: [CoveredSeconds]

    /// O(periods × calendars).
    init(_ coverages: [Coverage], in window: CoveredSeconds) {
        lists = coverages.map { coverage in
            var periods: [CoveredSeconds] = []
            var position = window.opening
            while position < window.closing, let period = coverage.period(endingAfter: position),
                let inside = period.common(with: window)
            {
                periods.append(inside)
                position = max(period.closing, position + 1)
            }
            return CoveredSeconds.merged(periods)
        }
        covered = CoveredSeconds.merged(lists.flatMap(\.self))
        shared = Self.shared(lists.flatMap(\.self))
    }

    enum Spell {
        case gap
        case overlap
    }

    func covers(_ seconds: Int) -> Bool {
        covered.first(endingAfter: seconds).map { $0.opening <= seconds } ?? false
    }

    /// How much of the span is a gap, or an overlap.
    func length(of spell: Spell, in span: CoveredSeconds) -> Int {
        let list = spell == .gap ? covered : shared
        let common = list.overlapping(span).reduce(0) { $0 + ($1.common(with: span)?.length ?? 0) }
        return spell == .gap ? span.length - common : common
    }

    /// How long a gap, or an overlap, lasts on from an instant; 0 if there is none then.
    func length(of spell: Spell, startingAt seconds: Int) -> Int {
        let next = (spell == .gap ? covered : shared).first(endingAfter: seconds)
        switch spell {
        case .gap: return next.map { max($0.opening - seconds, 0) } ?? .max / 2
        case .overlap: return next.map { $0.opening <= seconds ? $0.closing - seconds : 0 } ?? 0
        }
    }

    func teams(openingAt seconds: Int) -> [Int] {
        lists.indices.filter { lists[$0].first(endingAfter: seconds)?.opening == seconds }
    }

    func teams(closingAt seconds: Int) -> [Int] {
        lists.indices.filter { lists[$0].first(endingAfter: seconds - 1)?.closing == seconds }
    }

    func teams(within span: CoveredSeconds) -> [Int] {
        lists.indices.filter { !lists[$0].overlapping(span).isEmpty }
    }

    /// One sweep over all ends; where one team leaves at the instant at which another comes, they do not meet.
    private static func shared(_ periods: [CoveredSeconds]) -> [CoveredSeconds] {
        let ends = periods.flatMap { [($0.opening, 1), ($0.closing, -1)] }.sorted { $0 < $1 }
        var shared: [CoveredSeconds] = []
        var (count, start) = (0, 0)
        for (at, change) in ends {
            if change > 0, count == 1 { start = at }
            if change < 0, count == 2 { shared.append(CoveredSeconds(opening: start, closing: at)) }
            count += change
        }
        return CoveredSeconds.merged(shared)
    }
}

extension [CoveredSeconds] {
    /// Of an ascending list without overlaps, the first that ends after `seconds`; O(log n).
    fileprivate func first(endingAfter seconds: Int) -> CoveredSeconds? {
        let index = firstIndex(endingAfter: seconds)
        return index < count ? self[index] : nil
    }

    fileprivate func overlapping(_ span: CoveredSeconds) -> ArraySlice<CoveredSeconds> {
        let first = firstIndex(endingAfter: span.opening)
        var end = first
        while end < count, self[end].opening < span.closing { end += 1 }
        return self[first..<end]
    }

    private func firstIndex(endingAfter seconds: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].closing <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
