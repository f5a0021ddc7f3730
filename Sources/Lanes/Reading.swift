package import Contracts
package import Instants

package struct ReadRequest: Sendable {
    package var lane: LaneName
    package var token: LaneToken
    /// The first entry wanted (inclusive): the cursor's, or `Position.following` the last one read.
    package var from: EntryID
    /// 1 to 512.
    package var mostEntries: Int
    /// 0 to 512.
    package var mostTimers: Int
    /// Sum of bodies after which no further entry is given; at least one entry is.
    package var mostBytes: Int

    package init(
        lane: LaneName, token: LaneToken, from: EntryID, mostEntries: Int = 64, mostTimers: Int = 256,
        mostBytes: Int = 1 << 20
    ) {
        self.lane = lane
        self.token = token
        self.from = from
        self.mostEntries = mostEntries
        self.mostTimers = mostTimers
        self.mostBytes = mostBytes
    }
}

package enum ReadReply: Sendable, Equatable {
    case reading(Reading)
    case fenced
    case failed(LaneFault)
}

package struct LogEntry: Sendable, Equatable {
    package var id: EntryID
    /// A framed `EventBatch`; empty if the entry has no field `b`.
    package var body: [UInt8]

    package init(id: EntryID, body: [UInt8]) {
        self.id = id
        self.body = body
    }
}

package struct DueTimer: Sendable, Equatable {
    /// The entity's id as stored; one that is no entity id is to be removed.
    package var entity: String
    package var due: Instant

    package init(entity: String, due: Instant) {
        self.entity = entity
        self.due = due
    }
}

/// What a lane has for its owner. A paused lane has nothing.
package struct Reading: Sendable, Equatable {
    package var clock: LaneClock
    /// Redis's own clock, without offset: what liveness is judged by.
    package var serverTime: Instant
    package var entries: [LogEntry]
    /// Timers due by `horizon`, earliest first.
    package var dueTimers: [DueTimer]
    /// Up to here timers may fire: `now` if the end of the log was reached, else the instant of the last entry given,
    /// so that no timer overtakes an event that was in the log before it was due.
    package var horizon: Instant
    package var nextDue: Instant?
    /// The end of the log was reached; the next append wakes.
    package var isDrained: Bool
    package var isPaused: Bool
    /// Who asked for the lane; finish, commit, release.
    package var wantedBy: String?
    package var policy: UInt64
    /// The last entry of the log.
    package var lastEntry: EntryID
    /// The server's clock is more than 60 s behind the lane's `now`: timers are held back.
    package var holdsTimers: Bool
}
