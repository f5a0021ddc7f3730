package import Instants

/// A time that nobody covers, or that several teams cover at once, and why.
package struct CoverageSpell: Sendable, Hashable {
    package let kind: Kind
    /// Nil: it began before anything that was looked at.
    package let start: Instant?
    /// Not included. Nil: it does not end within what was looked at.
    package let end: Instant?
    /// A gap: the teams that leave when it begins. An overlap: those that come.
    package let before: [String]
    /// A gap: the teams that come when it ends. An overlap: those that leave.
    package let after: [String]
    /// An overlap: every team that is there with another one at some time of it. A gap: none.
    package let teams: [String]
    package let reasons: Set<Reason>
    /// What closed or opened, as far as `reasons` has `exception`; by calendar and date.
    package let exceptions: [NamedException]
    /// As far as `reasons` has `clockChange`.
    package let clockChange: ClockChange?

    package enum Kind: String, Sendable, Hashable {
        case gap
        case overlap
    }

    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The weekly hours are so.
        case weekly
        /// A holiday or another exception of a calendar made it, or made it longer.
        case exception
        /// Clocks that stand otherwise to each other than before or after made it, or made it longer.
        case clockChange = "clock_change"
        /// A calendar is not valid yet, or not any more.
        case validity
        /// A person said that a team is there or is not.
        case override
        /// No team can serve at all, or none has hours.
        case nobody
    }

    package struct NamedException: Sendable, Hashable {
        package let calendar: CalendarName
        package let first: CivilDate
        package let last: CivilDate
        package let name: String?
    }

    /// How the spell would be if the clocks stood to each other as they do on the other side of a change.
    package struct ClockChange: Sendable, Hashable {
        /// The zones whose clocks are changed, by name.
        package let zones: [ZoneName]
        package let at: Instant
        /// How much longer the spell is for it.
        package let longer: Duration
        /// Without the change there would be no such spell.
        package let isOnlyReason: Bool
    }
}
