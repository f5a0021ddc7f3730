package import Contracts
package import Instants

/// What a look at every lane again and again needs; the names are `LaneLook`'s.
package struct LaneGlance: Sendable, Equatable {
    package var lane: LaneName
    package var owner: String?
    package var wantedBy: String?
    package var assignment: UInt64
    package var cursor: Position
    package var lastEntry: EntryID
    package var nextDue: Instant?
    package var isPaused: Bool
    package var appended: UInt64
    package var decided: UInt64
    package var now: Instant
    package var offset: Duration
    package var serverTime: Instant

    package var pending: UInt64 { appended > decided ? appended - decided : 0 }

    package var hasUndecided: Bool { lastEntry >= cursor.entry && lastEntry != .start }
}

/// A lane as its hash describes it: for operators' views, placement and checkers.
package struct LaneLook: Sendable, Equatable {
    package var lane: LaneName
    /// Whether the lane was ever created.
    package var exists: Bool
    package var owner: String?
    package var wantedBy: String?
    package var epoch: UInt64
    package var assignment: UInt64
    package var generation: UInt64
    package var sequence: UInt64
    package var policy: UInt64
    package var cursor: Position
    package var lastEntry: EntryID
    /// The lane's last `now`.
    package var now: Instant
    package var offset: Duration
    package var isDrained: Bool
    package var isPaused: Bool
    package var isClosed: Bool
    package var isDraining: Bool
    package var isVirtual: Bool
    /// Nothing more is claimed: it is being stopped for a move.
    package var isSettling: Bool
    /// The move that has it frozen (`LaneMove.number`), or `retired`.
    package var move: String?
    /// Events appended and decided since the lane was made.
    package var appended: UInt64
    package var decided: UInt64
    package var logBytes: UInt64
    package var oldestPending: Instant?
    package var nextDue: Instant?
    /// End of the batch that the owner has in hand.
    package var busyUntil: EntryID?
    package var suspect: Suspect?
    package var alarm: String?
    /// Redis's clock when it was looked at; with `offset` the lane clock.
    package var serverTime: Instant

    /// Events in the log that are not decided.
    package var pending: UInt64 { appended > decided ? appended - decided : 0 }

    /// Whether the log holds anything at or behind the cursor.
    package var hasUndecided: Bool { lastEntry >= cursor.entry && lastEntry != .start }
}

extension LaneLook {
    /// Of a lane that a resize took out of use: what an owner would know of it, with the token by which the leader of a term
    /// erases there. Nil for any other lane.
    package func retiredTenure(term: UInt64) -> Tenure? {
        guard move == "retired" else { return nil }
        return Tenure(
            lane: lane, token: .retired(term: term), epoch: epoch, sequence: sequence, cursor: cursor,
            clock: LaneClock(now: max(now, serverTime + offset), offset: offset), policy: policy,
            generation: generation, isPaused: true, isClosed: true, isVirtual: isVirtual, nextDue: nil,
            lastEntry: lastEntry, suspect: nil)
    }
}
