package import Instants

/// What the control slot says of itself: every heartbeat and every renewal of the leader's lease is answered with it.
package struct ControlState: Sendable, Hashable {
    /// Redis' clock.
    package var now: Instant
    /// Since when this slot has been reachable without a break; see `Census`.
    package var reachableSince: Instant
    package var leader: MemberID?
    /// Rises with every change of leader; every write of a leader carries it.
    package var term: UInt64
    /// Until when the leader leads, by Redis' clock.
    package var leaderUntil: Instant
    package var numbers: Numbers

    /// The rising numbers of what is published in the control slot. An equal number means unchanged.
    package struct Numbers: Sendable, Hashable {
        package var assignment: UInt64
        package var policy: UInt64
        package var signals: UInt64
        package var topology: UInt64
        /// The feature level that the whole cluster has reached.
        package var features: UInt64

        package init(
            assignment: UInt64 = 0, policy: UInt64 = 0, signals: UInt64 = 0, topology: UInt64 = 0, features: UInt64 = 0
        ) {
            self.assignment = assignment
            self.policy = policy
            self.signals = signals
            self.topology = topology
            self.features = features
        }
    }

    package init(
        now: Instant, reachableSince: Instant, leader: MemberID? = nil, term: UInt64 = 0,
        leaderUntil: Instant = .distantPast, numbers: Numbers = Numbers()
    ) {
        self.now = now
        self.reachableSince = reachableSince
        self.leader = leader
        self.term = term
        self.leaderUntil = leaderUntil
        self.numbers = numbers
    }

    /// Whether somebody leads at this instant.
    package var isLed: Bool { leader != nil && now < leaderUntil }
}
