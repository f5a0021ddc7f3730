package import Instants

/// When one team is there: weekly hours with exceptions, on the clock of one zone.
///
/// Look-ups are pure, take well under a microsecond for ordinary hours, and look at most 400 days ahead or back. Any
/// instant may be asked for. A part of a second never matters: hours begin and end on whole seconds.
package struct BusinessCalendar: Sendable, Hashable {
    package let name: CalendarName
    package let zone: ZoneRules
    package let weekly: WeeklyHours
    package let exceptions: [HoursException]
    package let validity: ClosedRange<CivilDate>?
    let timeline: HoursTimeline

    /// `exceptions` take effect in the order given: of two on one date the later one changes what the earlier one left.
    /// Nothing starts on a date outside `validity`, whatever hours and exceptions say.
    package init(
        name: CalendarName, zone: ZoneRules, weekly: WeeklyHours, exceptions: [HoursException] = [],
        validity: ClosedRange<CivilDate>? = nil
    ) {
        self.name = name
        self.zone = zone
        self.weekly = weekly
        self.exceptions = exceptions
        self.validity = validity
        self.timeline = HoursTimeline(weekly: weekly, exceptions: exceptions, validity: validity)
    }

    package func isOpen(at instant: Instant) -> Bool {
        state(at: instant).isOpen
    }

    /// What `hours` prints: a message exactly at the opening finds it open, one exactly at the close finds it closed.
    package func state(at instant: Instant) -> HoursState {
        HoursState(period(endingAfter: Int(instant.seconds)), at: instant)
    }

    func period(endingAfter seconds: Int) -> CoveredSeconds? {
        var scan = PeriodScan(self, around: seconds)
        return scan.period(endingAfter: seconds)
    }

    func period(startingBefore seconds: Int) -> CoveredSeconds? {
        var scan = PeriodScan(self, around: seconds)
        return scan.period(startingBefore: seconds)
    }
}

extension HoursState {
    /// From the first covered period that ends after `instant`.
    init(_ period: CoveredSeconds?, at instant: Instant) {
        let latest = Int(instant.seconds) + PeriodScan.horizon
        guard let period, period.opening <= latest else {
            self.init(isOpen: false, until: nil, nextOpen: nil)
            return
        }
        if period.opening <= Int(instant.seconds) {
            let close = period.closing <= latest ? Instant(seconds: Int64(period.closing)) : nil
            self.init(isOpen: true, until: close, nextOpen: instant)
        } else {
            self.init(isOpen: false, until: nil, nextOpen: Instant(seconds: Int64(period.opening)))
        }
    }
}
