package import Instants

/// What a calendar or a coverage says about one instant.
package struct HoursState: Sendable, Hashable {
    package let isOpen: Bool
    /// While open: the instant at which it closes, touching intervals counted as one. Nil while closed, and nil if it
    /// does not close within 400 days.
    package let until: Instant?
    /// The first open instant at or after the one asked for, so that instant itself while open. Nil if there is none
    /// within 400 days.
    package let nextOpen: Instant?

    package init(isOpen: Bool, until: Instant?, nextOpen: Instant?) {
        self.isOpen = isOpen
        self.until = until
        self.nextOpen = nextOpen
    }
}

/// A maximal stretch of time that nobody covers: `start` included, `end` not.
///
/// The same stretch has the same bounds whichever of its instants was asked for, as long as the openings around it lie
/// within 400 days of that instant.
package struct ClosedPeriod: Sendable, Hashable {
    /// The close before it; `.distantPast` if nobody was open within 400 days.
    package let start: Instant
    /// The opening that ends it; nil if there is none within 400 days.
    package let end: Instant?

    package init(start: Instant, end: Instant?) {
        self.start = start
        self.end = end
    }

    package func contains(_ instant: Instant) -> Bool {
        instant >= start && (end.map { instant < $0 } ?? true)
    }

    package func overlaps(_ other: ClosedPeriod) -> Bool {
        (end.map { other.start < $0 } ?? true) && (other.end.map { start < $0 } ?? true)
    }
}
