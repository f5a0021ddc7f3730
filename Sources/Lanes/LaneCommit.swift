package import Contracts
package import Instants

/// Everything a run of decisions produced; written as a whole or not at all.
///
/// At most 512 events and 1 MiB. Within one commit additions come before cancels, and removals before settings of the
/// same entity's state, timer or open item: what the last decision about an entity wants must be the only thing said.
package struct LaneCommit: Sendable {
    package struct State: Sendable {
        package var entity: EntityID
        package var bytes: [UInt8]

        package init(entity: EntityID, bytes: [UInt8]) {
            self.entity = entity
            self.bytes = bytes
        }
    }

    package struct Timer: Sendable {
        package var entity: EntityID
        package var due: Instant

        package init(entity: EntityID, due: Instant) {
            self.entity = entity
            self.due = due
        }
    }

    package struct NewAction: Sendable {
        package var id: ActionID
        /// The serialised `Action`.
        package var bytes: [UInt8]
        /// Server time from which it may be tried; the epoch: at once.
        package var nextAttempt: Instant

        package init(id: ActionID, bytes: [UInt8], nextAttempt: Instant = .epoch) {
            self.id = id
            self.bytes = bytes
            self.nextAttempt = nextAttempt
        }
    }

    package var lane: LaneName
    package var token: LaneToken
    package var sequence: UInt64
    /// The first event that is undecided after this commit.
    package var cursor: Position
    /// Events decided (duplicates and dead letters count; timers do not).
    package var decided: Int
    package var policy: UInt64
    /// The newest `now` that a decision was given; not later than the lane clock.
    package var now: Instant
    /// The instant of the oldest event still undecided, if the owner knows.
    package var oldestPending: Instant?
    package var states: [State] = []
    package var removedStates: [EntityID] = []
    package var timers: [Timer] = []
    package var removedTimers: [EntityID] = []
    package var actions: [NewAction] = []
    package var cancels: [ActionID] = []
    /// A serialised `ResultBatch`; empty: none.
    package var results: [UInt8] = []
    /// Serialised `DeadLetter`s.
    package var deadLetters: [[UInt8]] = []
    package var openItems: [State] = []
    package var removedOpenItems: [EntityID] = []

    package init(
        lane: LaneName, token: LaneToken, sequence: UInt64, cursor: Position, decided: Int, policy: UInt64, now: Instant
    ) {
        self.lane = lane
        self.token = token
        self.sequence = sequence
        self.cursor = cursor
        self.decided = decided
        self.policy = policy
        self.now = now
    }

    package static let mostEvents = 512
    package static let mostBytes = 1 << 20
    /// Elements of each list, and state hashes touched.
    package static let mostElements = 8_192
    /// Dead letters that a lane holds before it pauses itself.
    package static let mostDeadLetters = 10_000
}

package enum CommitReply: Sendable, Equatable {
    case committed(Committed)
    /// The token is not the lane's: drop everything of this lane.
    case fenced
    /// The sequence is not the expected one: take the lane again.
    case wrongSequence(expected: UInt64)
    /// Nothing was written but the pause and its alarm: the lane's dead letters are at their bound.
    case deadFull
    case failed(LaneFault)
}

package struct Committed: Sendable, Equatable {
    package var clock: LaneClock
    package var nextDue: Instant?
    /// Of the cancels: what was removed. The others were gone or under way; those under way will not be tried again.
    package var cancelled: [ActionID]
    /// Of the cancels: what waited for another attempt after one that may have had its effect. It counts as open, its time
    /// over: to be settled as ambiguous.
    package var stopped: [ActionID]
    package var wantedBy: String?
    /// The lane is still suspect.
    package var isSuspect: Bool
}
