package import Instants

/// What a clock on the wall of a zone shows.
package struct LocalTime: Sendable, Hashable, Comparable {
    package let date: CivilDate
    /// 0 to 86,399.
    package let secondOfDay: Int

    package init(date: CivilDate, secondOfDay: Int) {
        self.date = date
        self.secondOfDay = secondOfDay
    }

    package static func < (left: LocalTime, right: LocalTime) -> Bool {
        (left.date, left.secondOfDay) < (right.date, right.secondOfDay)
    }
}

/// The instants at which a zone's clock shows a given time.
package enum LocalResolution: Sendable, Hashable {
    case unique(Instant)
    /// The clock jumped over it, at this instant.
    case gap(transition: Instant)
    /// The clock showed it more than once.
    case overlap(first: Instant, last: Instant)

    /// The instant at which doors that open then do open: the first occurrence, or the first instant after a gap.
    package var opening: Instant {
        switch self {
        case .unique(let instant), .gap(let instant), .overlap(let instant, _): instant
        }
    }

    /// The instant at which doors that close then do close: the last occurrence, or the transition that skipped it.
    package var closing: Instant {
        switch self {
        case .unique(let instant), .gap(let instant), .overlap(_, let instant): instant
        }
    }
}
