package import Instants

/// When one team is there: weekly hours with exceptions, on the clock of one zone.
///
/// Look-ups are pure, take well under a microsecond for ordinary hours, and look at most 400 days ahead or back. Any
/// instant may be asked for. A part of a second never matters: hours begin and end on whole seconds.
package struct BusinessCalendar: Sendable, Hashable {
    package let name: CalendarName
    package let zone: ZoneRules
    package let weekly: WeeklyHours
    package let periods: [HoursPeriod]
    package let exceptions: [HoursException]
    package let validity: ClosedRange<CivilDate>?
    /// Spans of time during which nobody is there, whatever the hours say: ascending, neither overlapping nor touching.
    let closures: [CoveredSeconds]
    let timeline: HoursTimeline

    /// During `periods` their hours hold instead of `weekly`, in the last of them if several hold a date.
    ///
    /// `exceptions` take effect in the order given: of two on one date the later one changes what the earlier one left.
    /// Nothing starts on a date outside `validity`, whatever hours and exceptions say.
    package init(
        name: CalendarName, zone: ZoneRules, weekly: WeeklyHours, periods: [HoursPeriod] = [],
        exceptions: [HoursException] = [], validity: ClosedRange<CivilDate>? = nil
    ) {
        self.init(
            name: name, zone: zone, weekly: weekly, periods: periods, exceptions: exceptions, validity: validity,
            closures: [],
            timeline: HoursTimeline(weekly: weekly, periods: periods, exceptions: exceptions, validity: validity))
    }

    private init(
        name: CalendarName, zone: ZoneRules, weekly: WeeklyHours, periods: [HoursPeriod],
        exceptions: [HoursException], validity: ClosedRange<CivilDate>?, closures: [CoveredSeconds],
        timeline: HoursTimeline
    ) {
        self.name = name
        self.zone = zone
        self.weekly = weekly
        self.periods = periods
        self.exceptions = exceptions
        self.validity = validity
        self.closures = closures
        self.timeline = timeline
    }

    /// The same hours with one more span of time during which nobody is there; bounds in whole seconds.
    func closed(during span: CoveredSeconds) -> BusinessCalendar {
        BusinessCalendar(
            name: name, zone: zone, weekly: weekly, periods: periods, exceptions: exceptions, validity: validity,
            closures: CoveredSeconds.merged(closures + [span]), timeline: timeline)
    }

    /// The same hours as written, on the clock of another zone; spans of `closed(during:)` stay where they are.
    func moved(to zone: ZoneRules) -> BusinessCalendar {
        BusinessCalendar(
            name: name, zone: zone, weekly: weekly, periods: periods, exceptions: exceptions, validity: validity,
            closures: closures, timeline: timeline)
    }

    /// What would hold if nothing out of the ordinary did.
    var ordinary: BusinessCalendar {
        guard !exceptions.isEmpty || !closures.isEmpty else { return self }
        return BusinessCalendar(name: name, zone: zone, weekly: weekly, periods: periods, validity: validity)
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
        guard !closures.isEmpty else { return scan.period(endingAfter: seconds) }
        var position = seconds
        while position <= seconds + PeriodScan.horizon, let period = scan.period(endingAfter: position) {
            if let piece = period.without(closures).first(where: { $0.closing > seconds }) { return piece }
            guard period.closing > position else { return nil }
            position = period.closing
        }
        return nil
    }

    func period(startingBefore seconds: Int) -> CoveredSeconds? {
        var scan = PeriodScan(self, around: seconds)
        guard !closures.isEmpty else { return scan.period(startingBefore: seconds) }
        var position = seconds
        while position >= seconds - PeriodScan.horizon, let period = scan.period(startingBefore: position) {
            if let piece = period.without(closures).last(where: { $0.opening < seconds }) { return piece }
            guard period.opening < position else { return nil }
            position = period.opening
        }
        return nil
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
