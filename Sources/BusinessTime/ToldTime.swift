package import Instants

/// A time as a customer was told it: what a clock on his wall will show, which new zone rules can move to another instant.
package struct ToldTime: Sendable, Hashable {
    private let instant: Instant
    private let local: LocalTime

    /// - Parameter rules: those under which the time was told.
    package init(_ instant: Instant, in rules: ZoneRules) {
        self.instant = instant
        local = rules.localTime(of: instant)
    }

    /// By how much the clocks show the told time later under newer rules (negative: earlier); nil if nothing moves.
    package func shift(under newer: ZoneRules) -> Duration? {
        guard newer.localTime(of: instant) != local else { return nil }
        let moved = newer.instants(for: local.date, secondOfDay: local.secondOfDay).opening
        let seconds = moved.seconds - instant.seconds
        return seconds == 0 ? nil : .seconds(seconds)
    }

    /// When the promise is due: at the earlier of what was meant and what the customer remembers.
    package func dueAt(under newer: ZoneRules) -> Instant {
        shift(under: newer).map { $0 < .zero ? instant + $0 : instant } ?? instant
    }
}
