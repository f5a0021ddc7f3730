package import Instants

/// When one team is there: weekly hours with exceptions, on the clock of one zone.
package struct BusinessCalendar: Sendable, Hashable {
    package let name: CalendarName
    package let zone: ZoneRules
    package let weekly: WeeklyHours
    package let exceptions: [HoursException]
    package let validity: ClosedRange<CivilDate>?

    package init(
        name: CalendarName, zone: ZoneRules, weekly: WeeklyHours, exceptions: [HoursException] = [],
        validity: ClosedRange<CivilDate>? = nil
    ) {
        self.name = name
        self.zone = zone
        self.weekly = weekly
        self.exceptions = exceptions
        self.validity = validity
    }

    package func isOpen(at instant: Instant) -> Bool { false }
    package func state(at instant: Instant) -> HoursState { HoursState(isOpen: false, until: nil, nextOpen: nil) }
}
