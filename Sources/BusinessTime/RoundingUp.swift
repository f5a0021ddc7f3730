package import Instants

/// How finely a stated time is rounded.
package enum ClockMark: Int, Sendable, Hashable, CaseIterable {
    case quarterHour = 15
    case halfHour = 30
    case hour = 60
}

extension Instant {
    /// The first instant not before this one at which the zone's clock stands on a mark: on a full quarter, half or hour.
    package func roundedUp(in zone: ZoneRules, to mark: ClockMark) -> Instant { self }
}
