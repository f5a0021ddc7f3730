package import Contracts
package import Instants

/// What the schedule knows of one action: enough to say when it goes, nothing of what it says.
package struct ScheduledAction: Sendable, Equatable {
    package let id: ActionID
    package let lane: LaneName
    package let account: String
    /// What waits for what within the lane; one of an order key is under way at a time, the oldest first.
    package let orderKey: String
    package let urgency: Urgency
    /// Lane clock; the age within an order key and between keys of one urgency.
    package let decidedAt: Instant
    /// Its place among the actions of its lane; orders those of one instant.
    package let place: UInt64
    /// Lane clock; nil: no bound.
    package let notBefore: Instant?
    package let notAfter: Instant?
    /// Attempts that were claimed so far.
    package var attempts: UInt32
    /// Server clock; a retry does not go before it.
    package var nextAttempt: Instant?

    /// Reads an action as decided or recovered. O(1).
    package init(_ action: Action, lane: LaneName, attempts: UInt32 = 0, nextAttempt: Instant? = nil) {
        id = action.actionID
        self.lane = lane
        let key = action.orderKey.isEmpty ? action.conversation : action.orderKey
        // What stays in the house is not held up by a platform's brakes, nor by texts of its conversation that are.
        switch action.kind {
        case .tell, .notify, .standDown, .publish:
            account = "internal/\(action.team)"
            orderKey = "internal/\(key)"
        default:
            account = action.account
            orderKey = key
        }
        urgency = Urgency(action.class)
        decidedAt = Instant(milliseconds: action.decidedAt)
        place = action.place
        notBefore = action.notBefore == 0 ? nil : Instant(milliseconds: action.notBefore)
        notAfter = action.notAfter == 0 ? nil : Instant(milliseconds: action.notAfter)
        self.attempts = attempts
        self.nextAttempt = nextAttempt
    }
}

/// An action's class as a rank: smaller goes first (DOMAIN 5.6). Unknown classes count as background.
package struct Urgency: Sendable, Hashable, Comparable {
    package let rank: Int

    package static let most = Urgency(.safety)
    package static let least = Urgency(.background)

    /// Nil under the most urgent rank; ranks beyond the least urgent are that one.
    init?(rank: Int) {
        guard rank >= 1 else { return nil }
        self.rank = min(rank, 7)
    }

    package init(_ actionClass: Action.Class) {
        rank = (1...7).contains(actionClass.rawValue) ? actionClass.rawValue : 7
    }

    package static func < (left: Urgency, right: Urgency) -> Bool { left.rank < right.rank }
}

/// What an account lets through for a while.
package struct Brake: Sendable, Equatable {
    /// Server clock; from then on the brake is off.
    package let until: Instant
    /// The least urgent class that still goes; nil: nothing goes.
    package let lets: Urgency?

    package init(until: Instant, lets: Urgency?) {
        self.until = until
        self.lets = lets
    }

    func stops(_ urgency: Urgency) -> Bool {
        guard let lets else { return true }
        return urgency > lets
    }
}

/// Bounds of what is under way.
package struct ScheduleLimits: Sendable {
    /// Actions under way of the whole courier.
    package var underWay: Int
    /// Actions under way of one account (Meta: 300/s a page; with answers after 100 ms 32 make 320/s).
    package var underWayPerAccount: Int
    /// Each so-many-th start of an account takes its oldest key whatever its class, so that no class starves.
    package var oldestEvery: Int

    package init(underWay: Int = 512, underWayPerAccount: Int = 32, oldestEvery: Int = 8) {
        self.underWay = max(1, underWay)
        self.underWayPerAccount = max(1, underWayPerAccount)
        self.oldestEvery = max(2, oldestEvery)
    }
}
