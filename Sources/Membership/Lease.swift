/// The times of leases, for members and leaders alike. All run by Redis' clock but `margin`, which is monotonic.
package struct LeaseTimes: Sendable, Hashable {
    /// What a heartbeat or a renewal gives. Default 3 s; at least 100 ms.
    package let lease: Duration
    /// How often it is renewed. Default a third of the lease.
    package let interval: Duration
    /// After how long without anybody the control slot counts as having been away. Half a lease: with the interval that
    /// leaves a member a sixth of its lease to come back after a shorter break.
    package let gap: Duration
    /// By how much a leader stops before its lease can end. A sixth of the lease.
    package let margin: Duration

    /// - Parameter lease: shorter ones than 100 ms count as 100 ms.
    package init(lease: Duration = .seconds(3)) {
        let whole = max(lease, .milliseconds(100))
        self.lease = whole
        interval = whole / 3
        gap = whole / 2
        margin = whole / 6
    }
}
