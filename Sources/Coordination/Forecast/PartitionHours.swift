package import Instants

/// A partition's clock and calendar, as far as a forecast needs them.
package struct PartitionHours: Sendable {
    /// Seconds by which the partition's clock is ahead of UTC.
    package let offset: @Sendable (Instant) -> Int
    /// Whether people are there.
    package let isOpen: @Sendable (Instant) -> Bool

    package init(offset: @escaping @Sendable (Instant) -> Int, isOpen: @escaping @Sendable (Instant) -> Bool) {
        self.offset = offset
        self.isOpen = isOpen
    }

    /// For a partition of which nothing is known: UTC, never open.
    package static let unknown = PartitionHours(offset: { _ in 0 }, isOpen: { _ in false })

    /// The hour of the week on the partition's clock, Monday 0:00 first.
    package func hour(at instant: Instant) -> Int {
        // The epoch was a Thursday.
        let hours = (Int(instant.seconds) + offset(instant)) / 3_600 + 3 * 24
        return ((hours % HourProfile.hours) + HourProfile.hours) % HourProfile.hours
    }
}
