package import Contracts
package import Instants

/// What is to be decided about.
package enum Input: Sendable {
    /// An event of the lane's log; `at` is its entry's instant on the lane clock.
    case event(Event, position: Position, at: Instant)
    /// A timer of the entity's own state whose instant has come.
    case timer(ArmedTimer)
}

/// What one decision says.
package struct Decision: Sendable {
    /// The entity's own state, to be stored as it stands.
    package var own: EntityState
    /// The parent's state, changed or not; nil if there is none.
    package var parent: EntityState?
    /// Whether the parent's state is to be stored.
    package var changesParent: Bool
    package var actions: [Action]
    /// Actions of earlier decisions that must not be carried out any more, if that is still possible.
    package var cancels: [ActionID]
    package var openItem: OpenItemChange
    /// Without the position: the runner puts that in for a timer, `decide` for an event.
    package var result: DecisionResult
    /// False for a duplicate: nothing of the states needs to be written.
    package var changesStates: Bool

    package init(
        own: consuming EntityState, parent: consuming EntityState?, changesParent: Bool = false,
        actions: [Action] = [], cancels: [ActionID] = [], openItem: OpenItemChange = .unchanged,
        result: consuming DecisionResult, changesStates: Bool
    ) {
        self.own = own
        self.parent = parent
        self.changesParent = changesParent
        self.actions = actions
        self.cancels = cancels
        self.openItem = openItem
        self.result = result
        self.changesStates = changesStates
    }
}

/// What becomes of the conversation's line in the inbox.
package enum OpenItemChange: Sendable, Equatable {
    case unchanged
    case set(OpenItem)
    case remove
}

/// Why an event cannot be decided. It is dead-lettered by itself; the states stay as they were.
package enum DecisionError: Error, Equatable, CustomStringConvertible {
    /// The policy does not know the account.
    case unknownAccount(String)
    /// None of the kinds that this version knows.
    case unknownKind
    /// A name from outside that is longer than a state may hold.
    case nameTooLong(field: String, bytes: Int)
    case tooManyActions(Int)
    case stateTooLarge(bytes: Int)

    package static let mostNameBytes = 300
    package static let mostActions = 16
    package static let mostStateBytes = 32 * 1_024

    package var description: String {
        switch self {
        case .unknownAccount(let account): "expected an account of the policy, got \"\(account.prefix(80))\""
        case .unknownKind: "expected an event of a known kind, got none"
        case .nameTooLong(let field, let bytes):
            "expected at most \(Self.mostNameBytes) bytes, got \(bytes), in \(field)"
        case .tooManyActions(let count): "expected at most \(Self.mostActions) actions of one decision, got \(count)"
        case .stateTooLarge(let bytes): "expected a state under \(Self.mostStateBytes) bytes, got \(bytes)"
        }
    }
}
