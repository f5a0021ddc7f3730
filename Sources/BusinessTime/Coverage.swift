package import Instants

/// The instants at which at least one of several calendars is open.
package struct Coverage: Sendable, Hashable {
    package let calendars: [BusinessCalendar]

    package init(_ calendars: [BusinessCalendar]) {
        self.calendars = calendars
    }

    package func isOpen(at instant: Instant) -> Bool { false }
    package func state(at instant: Instant) -> HoursState { HoursState(isOpen: false, until: nil, nextOpen: nil) }
    package func nextOpening(atOrAfter instant: Instant) -> Instant? { nil }
    package func closedPeriod(containing instant: Instant) -> ClosedPeriod? { nil }
    package func advance(from instant: Instant, by businessTime: Duration) -> Instant? { nil }
    package func retreat(from instant: Instant, by businessTime: Duration) -> Instant? { nil }
    package func businessTime(from start: Instant, to end: Instant) -> Duration { .zero }
}
