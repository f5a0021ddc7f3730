/// Walks over a calendar's days and joins their open parts to covered periods, in seconds since 1970.
///
/// Local times become instants by the conventions of a printed sheet of hours: what opens in a gap opens at the first
/// instant after it, what closes in a gap closes at the jump, what the clocks show twice opens at the first and closes
/// at the last time. A walk is at most 402 days long. Away from a change of clocks one subtraction finds an instant.
struct PeriodScan {
    private let timeline: HoursTimeline
    private let zone: ZoneRules
    private let margin: Int
    private var stretch: ZoneStretch

    /// Longest time that is looked ahead or back.
    static let horizon = 400 * 86_400

    init(_ calendar: BusinessCalendar, around seconds: Int) {
        timeline = calendar.timeline
        zone = calendar.zone
        margin = calendar.zone.widestJump
        stretch = calendar.zone.stretch(at: seconds)
    }

    /// The first covered period that ends after `seconds`; nil if none is found within the horizon.
    ///
    /// The opening is exact if it lies after `seconds`, the closing if it lies within the horizon. What lies further
    /// away may be cut off short of where it ends, but beyond the horizon.
    mutating func period(endingAfter seconds: Int) -> CoveredSeconds? {
        // The day before too: a closing that the clocks show twice can lie on the day after its own.
        var day = (seconds + stretch.offset).dividedDown(by: 86_400) - 1
        let lastDay = day + 402
        var run = timeline.run(ofDay: day)
        var current: CoveredSeconds?
        while day <= lastDay {
            let days = timeline.days(ofRun: run)
            switch timeline.pattern(ofRun: run) {
            case .neverOpen:
                day = min(days.upperBound, lastDay)
            case .alwaysOpen:
                let end = min(days.upperBound, lastDay)
                let part = CoveredSeconds(opening: opening(day * 86_400), closing: closing((end + 1) * 86_400))
                if let found = Self.join(&current, part, endingAfter: seconds) { return found }
                day = end
            case .mixed:
                for part in timeline.parts(ofDay: day, inRun: run) {
                    let part = covered(part, day)
                    if let found = Self.join(&current, part, endingAfter: seconds) { return found }
                }
            }
            day += 1
            if day > days.upperBound { run += 1 }
        }
        return current.flatMap { $0.closing > seconds ? $0 : nil }
    }

    /// The last covered period that starts before `seconds`; nil if none is found within the horizon.
    ///
    /// The mirror image: the closing is exact if it lies before `seconds`, the opening within the horizon.
    mutating func period(startingBefore seconds: Int) -> CoveredSeconds? {
        var day = (seconds + stretch.offset).dividedDown(by: 86_400) + 1
        let firstDay = day - 402
        var run = timeline.run(ofDay: day)
        var current: CoveredSeconds?
        while day >= firstDay {
            let days = timeline.days(ofRun: run)
            switch timeline.pattern(ofRun: run) {
            case .neverOpen:
                day = max(days.lowerBound, firstDay)
            case .alwaysOpen:
                let start = max(days.lowerBound, firstDay)
                let part = CoveredSeconds(opening: opening(start * 86_400), closing: closing((day + 1) * 86_400))
                if let found = Self.join(&current, part, startingBefore: seconds) { return found }
                day = start
            case .mixed:
                for part in timeline.parts(ofDay: day, inRun: run).reversed() {
                    let part = covered(part, day)
                    if let found = Self.join(&current, part, startingBefore: seconds) { return found }
                }
            }
            day -= 1
            if day < days.lowerBound { run -= 1 }
        }
        return current
    }

    /// Joins a later part on, or gives the period before it if that is the one looked for.
    private static func join(
        _ current: inout CoveredSeconds?, _ part: CoveredSeconds, endingAfter seconds: Int
    ) -> CoveredSeconds? {
        guard part.opening < part.closing else { return nil }
        if let period = current {
            if part.opening <= period.closing {
                current?.closing = max(period.closing, part.closing)
                return nil
            }
            if period.closing > seconds { return period }
        }
        current = part
        return nil
    }

    private static func join(
        _ current: inout CoveredSeconds?, _ part: CoveredSeconds, startingBefore seconds: Int
    ) -> CoveredSeconds? {
        guard part.opening < part.closing, part.opening < seconds else { return nil }
        if let period = current {
            guard part.closing >= period.opening else { return period }
            current?.opening = min(period.opening, part.opening)
            current?.closing = max(period.closing, part.closing)
        } else {
            current = part
        }
        return nil
    }

    private mutating func covered(_ part: DayPart, _ day: Int) -> CoveredSeconds {
        CoveredSeconds(opening: opening(day * 86_400 + part.start), closing: closing(day * 86_400 + part.end))
    }

    private mutating func opening(_ local: Int) -> Int {
        unambiguous(local) ?? zone.occurrences(ofLocal: local).first
    }

    private mutating func closing(_ local: Int) -> Int {
        unambiguous(local) ?? zone.occurrences(ofLocal: local).last
    }

    /// The only instant at which the clocks show `local`; nil near a change of clocks.
    private mutating func unambiguous(_ local: Int) -> Int? {
        var instant = local - stretch.offset
        if !stretch.contains(instant) {
            stretch = zone.stretch(at: instant)
            instant = local - stretch.offset
        }
        return stretch.start + margin <= instant && instant < stretch.end - margin ? instant : nil
    }
}
