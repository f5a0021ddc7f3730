package import Contracts
package import Instants

package struct ClaimRequest: Sendable {
    package struct Item: Sendable {
        package var action: ActionID
        /// The number of the attempt: one more than the action has had.
        package var attempt: UInt32
        /// How long this attempt may take; until then a new owner leaves it alone.
        package var patience: Duration

        package init(action: ActionID, attempt: UInt32, patience: Duration) {
            self.action = action
            self.attempt = attempt
            self.patience = patience
        }
    }

    package var lane: LaneName
    package var token: LaneToken
    /// At most 256.
    package var items: [Item]

    package init(lane: LaneName, token: LaneToken, items: [Item]) {
        self.lane = lane
        self.token = token
        self.items = items
    }
}

package enum ClaimReply: Sendable, Equatable {
    /// One for each item, in order.
    case answered([Claimed])
    case fenced
    /// Nothing is sent from a paused lane; nothing was claimed.
    case paused
    case failed(LaneFault)
}

package enum Claimed: Sendable, Equatable {
    /// The attempt is on record; `until` is server time.
    case claimed(until: Instant)
    /// Cancelled, settled or never there.
    case gone
    /// Another attempt is under way until then (server time).
    case attemptOpen(until: Instant)
    /// Cancelled while its last attempt was under way, and that one's deadline has passed: settle it, do not try.
    case noRetry
    /// The action has had another number of attempts than the claim assumes.
    case stale(attempts: UInt32)
}

package struct SettleRequest: Sendable {
    package struct Item: Sendable {
        package var action: ActionID
        package var attempt: UInt32
        package var verdict: Verdict
        /// The outcome as a serialised `Event`; with `.again` it is used only if the action may not be tried again.
        package var outcome: [UInt8]

        package init(action: ActionID, attempt: UInt32, verdict: Verdict, outcome: [UInt8]) {
            self.action = action
            self.attempt = attempt
            self.verdict = verdict
            self.outcome = outcome
        }
    }

    package enum Verdict: Sendable, Equatable {
        case close
        /// Try again after so long, by the server's clock. Unclear: an attempt may have had its effect, so a cancel does not
        /// simply remove the action.
        case again(after: Duration, isUnclear: Bool = false)
    }

    package var lane: LaneName
    /// At most 256, with outcomes of at most 256 KiB together.
    package var items: [Item]

    package init(lane: LaneName, items: [Item]) {
        self.lane = lane
        self.items = items
    }
}

package enum SettleReply: Sendable, Equatable {
    /// One for each item, in order, and the entry that holds the outcomes, if any was appended.
    case answered([Settled], entry: EntryID?)
    case failed(LaneFault)
}

package enum Settled: Sendable, Equatable {
    case closed
    /// Server time of the next attempt.
    case rescheduled(at: Instant)
    /// This attempt is not the open one.
    case stale
    /// Settled before, or cancelled.
    case gone
}

/// An action as a lane holds it.
package struct StoredAction: Sendable, Equatable {
    package var id: ActionID
    /// Attempts so far.
    package var attempts: UInt32
    /// The last attempt is not settled.
    package var isOpen: Bool
    /// Cancelled while under way.
    package var mayNotRetry: Bool
    /// No attempt is open, and an earlier one may have had its effect.
    package var isUnclear: Bool
    /// Server time until which the open attempt is to be left alone.
    package var deadline: Instant
    /// Server time from which it may be tried.
    package var nextAttempt: Instant
    /// The serialised `Action`.
    package var bytes: [UInt8]
}
