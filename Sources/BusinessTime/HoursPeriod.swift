package import Instants

/// Dates during which other weekly hours hold, such as those of the summer.
package struct HoursPeriod: Sendable, Hashable {
    /// The first and the last date, both included. A shift that starts on the last one goes on into the next morning.
    package let dates: ClosedRange<CivilDate>
    package let weekly: WeeklyHours

    package init(_ dates: ClosedRange<CivilDate>, _ weekly: WeeklyHours) {
        self.dates = dates
        self.weekly = weekly
    }
}
