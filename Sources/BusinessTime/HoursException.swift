package import Instants

/// A date, or a run of dates, on which the weekly hours do not hold.
///
/// Exceptions are keyed by local date. A date that a zone skipped has no instants, so an exception on it does nothing.
package struct HoursException: Sendable, Hashable {
    package let first: CivilDate
    /// Not before `first`; the last date it holds on, included.
    package let last: CivilDate
    package let change: Change
    package let reach: Reach
    /// What people call it, such as `Christmas`; for reports, of no effect.
    package let name: String?

    /// What it does with the intervals that start on its dates.
    package enum Change: Sendable, Hashable {
        /// There are none.
        case closed
        /// There are also these.
        case open([LocalInterval])
        /// There are these and no others.
        case replace([LocalInterval])
        /// Nobody is there during these, whatever else says so. Always by the clock: it cuts a shift of the night
        /// before too, and the part of one of these beyond 24:00 falls on the next day.
        case closedDuring([LocalInterval])
    }

    /// Whether a shift that began the evening before goes on into the date of the exception.
    package enum Reach: Sendable, Hashable {
        /// It does: an interval belongs to the day on which it starts. The default, and what configuration means.
        case startDay
        /// It does not: `closed` and `replace` also end it at midnight.
        case clock
    }

    /// Nil if `last` lies before `first`.
    package init?(
        from first: CivilDate, to last: CivilDate, _ change: Change, reach: Reach = .startDay, name: String? = nil
    ) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
        self.change = change
        self.reach = reach
        self.name = name
    }

    package init(on date: CivilDate, _ change: Change, reach: Reach = .startDay, name: String? = nil) {
        self.first = date
        self.last = date
        self.change = change
        self.reach = reach
        self.name = name
    }
}
