import Instants

/// Which parts of each local day are open, for all days there are.
///
/// The problem: an interval belongs to the day on which it starts, exceptions change days, and look-ups walk over many
/// days and must be cheap. The choice: when a calendar is built, the days are cut into runs in which the same weekday
/// always has the same hours, and for each run and weekday the open parts of the day from 00:00 to 24:00 are written
/// out, the rest of the night before included, sorted and merged. A look-up finds its run by binary search and then
/// only reads. The alternative, a table of instants for some years, is no faster to read, costs a build of half a
/// millisecond per calendar, and needs a second way for all other years. A night cut at 24:00 is whole again as soon as
/// its parts are instants, since a closing and an opening at the same local time always touch.
struct HoursTimeline: Hashable, Sendable {
    /// Ascending; the first one is the lowest day there is.
    private let firstDays: [Int]
    /// For run r and weekday w, the open parts lie in `parts[bounds[7r + w]..<bounds[7r + w + 1]]`.
    private let bounds: [Int]
    private let parts: [DayPart]
    private let patterns: [Pattern]

    /// What spares a walk from looking at each day of a run.
    enum Pattern: Hashable, Sendable {
        /// Every day is open from 00:00 to 24:00.
        case alwaysOpen
        case neverOpen
        case mixed
    }

    private static let lowestDay = -(1 << 50)
    private static let highestDay = 1 << 50

    init(
        weekly: WeeklyHours, periods: [HoursPeriod], exceptions: [HoursException], validity: ClosedRange<CivilDate>?
    ) {
        let spans =
            exceptions.map { ($0.first.daysSince1970, $0.last.daysSince1970) }
            + (periods.map(\.dates) + [validity].compactMap(\.self)).map {
                ($0.lowerBound.daysSince1970, $0.upperBound.daysSince1970)
            }
        // A span changes its own days and, by the rest of a night, the one after it.
        let cuts = Set(spans.flatMap { [$0.0, $0.0 + 1, $0.1 + 1, $0.1 + 2] }).sorted()
        let firstDays = [Self.lowestDay] + cuts
        var touching = TouchingExceptions(exceptions)
        var bounds = [0]
        var parts: [DayPart] = []
        var patterns: [Pattern] = []
        for (run, first) in firstDays.enumerated() {
            let last = run + 1 < firstDays.count ? firstDays[run + 1] - 1 : Self.highestDay
            let hours = StartDayHours(
                weekly: weekly, periods: periods, exceptions: touching.next(first - 1, last), validity: validity)
            var days = Set<[DayPart]>()
            for weekday in 0..<7 {
                let day = first + (weekday - Weekday.index(ofDay: first) + 7) % 7
                if day <= last {
                    let open = hours.parts(ofDay: day)
                    parts += open
                    days.insert(open)
                }
                bounds.append(parts.count)
            }
            patterns.append(days == [[.wholeDay]] ? .alwaysOpen : days == [[]] ? .neverOpen : .mixed)
        }
        self.firstDays = firstDays
        self.bounds = bounds
        self.parts = parts
        self.patterns = patterns
    }

    /// The number of the run that holds `day`, counted from 1970-01-01.
    func run(ofDay day: Int) -> Int {
        var low = 0
        var high = firstDays.count
        while low < high {
            let middle = (low + high) / 2
            if firstDays[middle] <= day { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }

    func days(ofRun run: Int) -> ClosedRange<Int> {
        firstDays[run]...(run + 1 < firstDays.count ? firstDays[run + 1] - 1 : Self.highestDay)
    }

    func pattern(ofRun run: Int) -> Pattern {
        patterns[run]
    }

    /// The open parts of one day, which must lie in the run: sorted, neither overlapping nor touching.
    func parts(ofDay day: Int, inRun run: Int) -> ArraySlice<DayPart> {
        let index = run * 7 + Weekday.index(ofDay: day)
        return parts[bounds[index]..<bounds[index + 1]]
    }
}

/// An open part of one local day, in seconds from its midnight: 0 <= start < end <= 86,400.
struct DayPart: Hashable, Sendable {
    let start: Int
    let end: Int

    static let wholeDay = DayPart(start: 0, end: 86_400)

    /// Sorted, neither overlapping nor touching.
    static func merged(_ parts: [DayPart]) -> [DayPart] {
        var merged: [DayPart] = []
        for part in parts.sorted(by: { $0.start < $1.start }) {
            if let last = merged.last, part.start <= last.end {
                merged[merged.count - 1] = DayPart(start: last.start, end: max(last.end, part.end))
            } else {
                merged.append(part)
            }
        }
        return merged
    }

    /// What is left of it outside `other`: none, one or two parts.
    func without(_ other: DayPart) -> [DayPart] {
        guard start < other.end, other.start < end else { return [self] }
        return [DayPart(start: start, end: other.start), DayPart(start: other.end, end: end)]
            .filter { $0.start < $0.end }
    }
}

/// The exceptions that touch one run of days after another, in their own order: O(n log n) for all runs together, so that
/// what comes back every year for a century costs no more than to list it.
private struct TouchingExceptions {
    private let ascending: [(position: Int, exception: HoursException)]
    private var next = 0
    private var active: [(position: Int, exception: HoursException)] = []

    init(_ exceptions: [HoursException]) {
        ascending = exceptions.enumerated().map { ($0.offset, $0.element) }
            .sorted { ($0.1.first, $0.0) < ($1.1.first, $1.0) }
    }

    /// Those of the days from `firstDay` to `lastDay`; both rise from call to call.
    mutating func next(_ firstDay: Int, _ lastDay: Int) -> [HoursException] {
        active.removeAll { $0.exception.last.daysSince1970 < firstDay }
        while next < ascending.count, ascending[next].exception.first.daysSince1970 <= lastDay {
            active.append(ascending[next])
            next += 1
        }
        active.sort { $0.position < $1.position }
        return active.map(\.exception)
    }
}

/// The hours of single days, worked out from the rules as they are written.
private struct StartDayHours {
    let weekly: WeeklyHours
    let periods: [HoursPeriod]
    let exceptions: [HoursException]
    let validity: ClosedRange<CivilDate>?

    /// The open parts of a day: what starts on it, and the rest of the night before.
    func parts(ofDay day: Int) -> [DayPart] {
        var parts = intervals(startingOn: day).map { DayPart(start: $0.start, end: min($0.end, 86_400)) }
        if !exceptions.contains(where: { $0.touches(day, day) && $0.endsNightBefore }) {
            for interval in intervals(startingOn: day - 1) where interval.end > 86_400 {
                parts.append(DayPart(start: 0, end: interval.end - 86_400))
            }
        }
        return closed(ofDay: day).reduce(DayPart.merged(parts)) { parts, closed in
            parts.flatMap { $0.without(closed) }
        }
    }

    /// Exceptions take effect in the order in which they are written.
    private func intervals(startingOn day: Int) -> [LocalInterval] {
        if let validity, !validity.contains(day) { return [] }
        let usual = periods.last { $0.dates.contains(day) }?.weekly ?? weekly
        var intervals = usual.days[Weekday.index(ofDay: day)]
        for exception in exceptions where exception.touches(day, day) {
            switch exception.change {
            case .closed: intervals = []
            case .open(let more): intervals += more
            case .replace(let others): intervals = others
            case .closedDuring: break
            }
        }
        return intervals
    }

    /// What exceptions close by the clock, after all else.
    private func closed(ofDay day: Int) -> [DayPart] {
        exceptions.flatMap { exception -> [DayPart] in
            guard case .closedDuring(let intervals) = exception.change else { return [] }
            let own = exception.touches(day, day) ? intervals : []
            let before = exception.touches(day - 1, day - 1) ? intervals.filter { $0.end > 86_400 } : []
            return own.map { DayPart(start: $0.start, end: min($0.end, 86_400)) }
                + before.map { DayPart(start: 0, end: $0.end - 86_400) }
        }
    }
}

extension HoursException {
    fileprivate func touches(_ firstDay: Int, _ lastDay: Int) -> Bool {
        first.daysSince1970 <= lastDay && firstDay <= last.daysSince1970
    }

    fileprivate var endsNightBefore: Bool {
        switch (reach, change) {
        case (.clock, .closed), (.clock, .replace): true
        default: false
        }
    }
}

extension ClosedRange<CivilDate> {
    fileprivate func contains(_ day: Int) -> Bool {
        lowerBound.daysSince1970 <= day && day <= upperBound.daysSince1970
    }
}
