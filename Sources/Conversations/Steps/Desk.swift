import Contracts
import Instants

/// A desk's side of an escalation: one entity a conversation, `d/<team>/<conversation>`, which notifies once.
///
/// Tells of one conversation may arrive twice or out of order. Each carries the conversation's decision count: one that is
/// not newer than what the matter has heard says nothing new and is a duplicate.
struct DeskTurn {
    let id: EntityID
    let cause: String
    let now: Instant
    var state: EntityState
    var matter: Matter
    var desk: EntityState?
    var deskChanged = false
    var actions: [Action] = []
    var result: DecisionResult

    init(
        _ id: EntityID, own: consuming EntityState?, desk: consuming EntityState?, cause: String, now: Instant,
        result: consuming DecisionResult
    ) {
        self.id = id
        self.cause = cause
        self.desk = desk
        self.result = result
        var state = own.take() ?? EntityState()
        matter = state.matter
        state.entity = nil
        self.now = max(now, Instant(milliseconds: state.lastNow))
        state.lastNow = self.now.milliseconds
        state.decisions &+= 1
        self.state = state
    }

    mutating func hear(_ told: Told) {
        matter.origin = told.origin
        matter.heard = told.decisions
        matter.market = told.market
        result.market = told.market
        result.rule = "desk.\(told.matter.word)"
        switch told.matter {
        case .escalation, .brokenPromise:
            matter.rule = told.rule
            matter.dueAt = told.dueAt
            open()
        case .claimed:
            if matter.standing != .closed { matter.standing = .acknowledged }
        case .closed:
            guard matter.standing != .closed, matter.standing != .unspecified else {
                matter.standing = .closed
                return
            }
            matter.standing = .closed
            count { $0.closed &+= 1 }
        case .unspecified, .UNRECOGNIZED: result.rule = "desk.unknown"
        }
    }

    mutating func finished() -> Decision {
        result.now = now.milliseconds
        for action in actions {
            result.actions.append(action.idHigh)
            result.actions.append(action.idLow)
        }
        state.matter = matter
        return Decision(
            own: state, parent: desk, changesParent: deskChanged, actions: actions, result: result, changesStates: true)
    }

    private mutating func open() {
        guard matter.standing == .unspecified || matter.standing == .closed else { return }
        matter.standing = .notified
        matter.openedAt = now.milliseconds
        matter.notices &+= 1
        count { $0.opened &+= 1 }
        var action = Action()
        action.kind = .notify
        action.class = .promiseNear
        action.conversation = id.text
        action.cause = cause
        action.orderKey = id.text
        action.decidedAt = now.milliseconds
        action.team = id.parts.first ?? ""
        action.rule = matter.rule
        action.actionID = ActionID(conversation: id, cause: cause, kind: .notify, n: 0)
        actions.append(action)
    }

    private mutating func count(_ change: (inout Desk) -> Void) {
        var holder = desk.take() ?? EntityState()
        var counts = holder.desk
        holder.entity = nil
        change(&counts)
        holder.desk = counts
        desk = holder
        deskChanged = true
    }
}

extension Told.Matter {
    var word: String {
        switch self {
        case .escalation: "escalation"
        case .claimed: "claimed"
        case .closed: "closed"
        case .brokenPromise: "broken_promise"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "matter_\(number)"
        }
    }
}
