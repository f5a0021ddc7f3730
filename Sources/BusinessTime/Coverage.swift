package import Instants

/// The instants at which at least one of several calendars is open: a union, so the order of the calendars is nothing.
///
/// The same bounds hold as for one calendar: any instant, 400 days ahead or back. With no calendars it is never open.
package struct Coverage: Sendable, Hashable {
    package let calendars: [BusinessCalendar]

    package init(_ calendars: [BusinessCalendar]) {
        self.calendars = calendars
    }

    package func isOpen(at instant: Instant) -> Bool {
        let seconds = Int(instant.seconds)
        return calendars.contains { ($0.period(endingAfter: seconds)?.opening ?? .max) <= seconds }
    }

    /// As a calendar's. Where one calendar opens before or just when another closes, both are one covered period.
    package func state(at instant: Instant) -> HoursState {
        HoursState(period(endingAfter: Int(instant.seconds)), at: instant)
    }

    /// The first covered instant at or after this one; nil if there is none within 400 days.
    package func nextOpening(atOrAfter instant: Instant) -> Instant? {
        let seconds = Int(instant.seconds)
        guard let opening = calendars.compactMap({ $0.period(endingAfter: seconds)?.opening }).min(),
            opening <= seconds + PeriodScan.horizon
        else { return nil }
        return opening <= seconds ? instant : Instant(seconds: Int64(opening))
    }

    /// The maximal uncovered interval around this instant; nil while it is covered.
    package func closedPeriod(containing instant: Instant) -> ClosedPeriod? {
        let seconds = Int(instant.seconds)
        var opening = Int.max
        var closing = Int.min
        for calendar in calendars {
            if let next = calendar.period(endingAfter: seconds) {
                guard next.opening > seconds else { return nil }
                opening = min(opening, next.opening)
            }
            if let last = calendar.period(startingBefore: seconds) { closing = max(closing, last.closing) }
        }
        let isFound = (opening <= seconds + PeriodScan.horizon, closing >= seconds - PeriodScan.horizon)
        return ClosedPeriod(
            start: isFound.1 ? Instant(seconds: Int64(closing)) : .distantPast,
            end: isFound.0 ? Instant(seconds: Int64(opening)) : nil)
    }

    /// Whether a calendar has fewer hours than usual on one of its own dates from `instant` to `end`, such as a holiday, or
    /// is closed for a while between them. Linear in the exceptions.
    package func hasDayOff(from instant: Instant, to end: Instant) -> Bool {
        guard instant < end else { return false }
        let span = CoveredSeconds(opening: Int(instant.seconds), closing: Int(end.seconds) + 1)
        return calendars.contains { calendar in
            if calendar.closures.contains(where: { $0.common(with: span) != nil }) { return true }
            guard !calendar.exceptions.isEmpty else { return false }
            let dates = calendar.dates(of: span)
            return calendar.exceptions.contains {
                !$0.opens && $0.first <= dates.upperBound && dates.lowerBound <= $0.last
            }
        }
    }

    /// The first covered period that ends after `seconds`, with the precision of `PeriodScan`.
    func period(endingAfter seconds: Int) -> CoveredSeconds? {
        let periods = calendars.compactMap { $0.period(endingAfter: seconds) }
        guard var union = periods.min(by: { $0.opening < $1.opening }), calendars.count > 1
        else { return periods.first }
        var extended = true
        while extended, union.closing <= seconds + PeriodScan.horizon {
            extended = false
            for calendar in calendars {
                guard let next = calendar.period(endingAfter: union.closing), next.opening <= union.closing else {
                    continue
                }
                union.closing = next.closing
                extended = true
            }
        }
        return union
    }

    /// The last covered period that starts before `seconds`, with the precision of `PeriodScan`.
    func period(startingBefore seconds: Int) -> CoveredSeconds? {
        let periods = calendars.compactMap { $0.period(startingBefore: seconds) }
        guard var union = periods.max(by: { $0.closing < $1.closing }), calendars.count > 1
        else { return periods.first }
        var extended = true
        while extended, union.opening >= seconds - PeriodScan.horizon {
            extended = false
            for calendar in calendars {
                guard let last = calendar.period(startingBefore: union.opening), last.closing >= union.opening else {
                    continue
                }
                union.opening = last.opening
                extended = true
            }
        }
        return union
    }
}
