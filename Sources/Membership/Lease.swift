// How long a lane waits after the death of its owner.
//
//     wait <= silence + answer * k + grant
//
// `silence`, until the owner counts as dead (`Census`), counted from its last heartbeat, or from when the control slot
// is reachable again if that is later:
//     started again under its name:  max(lease / 2, start of the new process)    1.5 s
//     gone for good, or frozen:      lease                                         3 s
// If the leader died too: the greater of this and the same of the leader, whose lease has the same rule (`lead.lua`);
// if no coordinator is left to lead, one heartbeat more until the heirs adopt.
// `answer` (lease / 6, 0.5 s) for each of `k` heirs that die before they take the lane (`LeaderRound`).
// `grant`: a message to the heir, one take, one commit; milliseconds on a quiet machine.
//
// So 3.5 s with one dead heir and 4 s with two, under the 5 s that are asked for, and about 2 s for what is usual: a
// process that crashed and was started again. The leader works at the instant at which the silence ends, not at its
// next round. During an outage of Redis nobody commits; it is added.

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
    /// Within which a member that was given a lane beats; after that the lane goes to another. A sixth of the lease.
    package let answer: Duration

    /// - Parameter lease: shorter ones than 100 ms count as 100 ms.
    package init(lease: Duration = .seconds(3)) {
        let whole = max(lease, .milliseconds(100))
        self.lease = whole
        interval = whole / 3
        gap = whole / 2
        margin = whole / 6
        answer = whole / 6
    }
}
