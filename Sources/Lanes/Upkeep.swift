package import Contracts

/// One bounded slice of an erasure; the lane's owner alone carries it out.
package struct EraseRequest: Sendable {
    package struct Kept: Sendable {
        package var position: Position
        /// The serialised `Event`.
        package var event: [UInt8]

        package init(position: Position, event: [UInt8]) {
            self.position = position
            self.event = event
        }
    }

    package var lane: LaneName
    package var token: LaneToken
    /// Decided entries that hold something to be erased; at most 64.
    package var entries: [EntryID] = []
    /// Their other events, at most 1,000.
    package var kept: [Kept] = []
    package var timers: [EntityID] = []
    package var states: [EntityID] = []
    package var actions: [ActionID] = []
    package var openItems: [EntityID] = []
    package var deadLetters: [EntryID] = []
    /// Batches of results that go from their stream.
    package var results: [EntryID] = []
    /// What is kept in the place of batches of results: serialised `ResultBatch`es. Counts among the kept.
    package var redacted: [(batch: EntryID, bytes: [UInt8])] = []
    /// Kept events and batches that go.
    package var forgottenEvents: [Position] = []
    package var forgottenBatches: [EntryID] = []
    /// States that stay with less in them.
    package var written: [LaneCommit.State] = []
    /// Open items that stay with less in them.
    package var listed: [LaneCommit.State] = []

    package init(lane: LaneName, token: LaneToken) {
        self.lane = lane
        self.token = token
    }

    /// Nothing would change.
    package var isEmpty: Bool {
        entries.isEmpty && kept.isEmpty && timers.isEmpty && states.isEmpty && actions.isEmpty && openItems.isEmpty
            && deadLetters.isEmpty && results.isEmpty && redacted.isEmpty && forgottenEvents.isEmpty
            && forgottenBatches.isEmpty && written.isEmpty && listed.isEmpty
    }
}

package enum EraseReply: Sendable, Equatable {
    /// Entries that were there, and what their bodies counted in the log.
    case erased(entries: Int, bytes: Int)
    case fenced
    case failed(LaneFault)
}

/// How long a lane keeps what it has decided, told by the lane clock.
package struct Retention: Sendable, Hashable {
    package var log: Duration
    package var mostLogBytes: Int
    package var results: Duration
    package var deadLetters: Duration

    /// Seven days for the log (DESIGN.md, keys); results outlive it, so that a report's month can be told.
    package init(
        log: Duration = .seconds(7 * 86_400), mostLogBytes: Int = 512 << 20,
        results: Duration = .seconds(35 * 86_400), deadLetters: Duration = .seconds(35 * 86_400)
    ) {
        self.log = log
        self.mostLogBytes = mostLogBytes
        self.results = results
        self.deadLetters = deadLetters
    }
}

package enum TrimReply: Sendable, Equatable {
    case trimmed(Trimmed)
    case failed(LaneFault)
}

package struct Trimmed: Sendable, Equatable {
    package var entries: Int
    package var bytes: Int
    package var results: Int
    package var deadLetters: Int
    /// Another call would find more to remove from the log.
    package var hasMore: Bool
}
