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

    /// A time that was told earlier, as `localMilliseconds` gave it.
    package init(_ instant: Instant, localMilliseconds: Int64) {
        self.instant = instant
        let seconds = Int(localMilliseconds / 1_000)
        let day = seconds.dividedDown(by: 86_400)
        local = LocalTime(date: CivilDate(daysSince1970: day), secondOfDay: seconds - day * 86_400)
    }

    /// The time on the wall as if it were UTC: milliseconds since 1970.
    package var localMilliseconds: Int64 {
        Int64(local.date.daysSince1970 * 86_400 + local.secondOfDay) * 1_000
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
