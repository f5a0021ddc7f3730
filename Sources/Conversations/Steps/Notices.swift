import Contracts
import Instants

/// The notices of one desk's entity: whom it calls, and what those who were called hear of the end.
///
/// Problem: a pager's incident that nobody ends goes on paging after the customer was answered. Choice: an entity remembers
/// whom it has called, by name, and tells them when somebody sees to it and when it is over; which of them want to hear that
/// says the file of notices, where only pagers do by themselves. Rejected: asking the pager, which would need its keys
/// here and a call a matter; a stage on a notice alone, which a worker of before it carries out as a call: people would be called
/// for what is over while two releases run. The kind of its own (`standDown`) such a worker refuses, and nothing
/// comes of its failed outcome: the incident stays open until somebody ends it there. How it fails: a ninth name is called and not told of the end; a matter that is erased
/// with its person tells nobody.
struct Notices {
    static let mostCallees = 8

    private let id: EntityID
    private let cause: String
    private let now: Instant

    init(of id: EntityID, cause: String, now: Instant) {
        self.id = id
        self.cause = cause
        self.now = now
    }

    /// A notice without its rule and text.
    func action(to target: String, n: Int) -> Action {
        var action = Action()
        action.kind = .notify
        action.class = .promiseNear
        action.conversation = id.text
        action.cause = cause
        action.n = UInt32(clamping: n)
        action.orderKey = id.text
        action.decidedAt = now.milliseconds
        action.team = id.parts.first ?? ""
        action.contact = target
        action.notAfter = (now + .seconds(86_400)).milliseconds
        action.actionID = ActionID(conversation: id, cause: cause, kind: .notify, n: n)
        return action
    }

    /// Remembers who is to hear of the end.
    static func note(_ target: String, in callees: inout [String]) {
        if callees.count < mostCallees, !callees.contains(target) { callees.append(target) }
    }

    /// What those who were called hear.
    func told(_ callees: [String], _ stage: Action.Stage, rule: String, from n: Int) -> [Action] {
        callees.enumerated().map { index, target in
            var action = action(to: target, n: n + index)
            // Its id is a notice's still, so that logs of before are decided again to the byte.
            action.kind = .standDown
            action.stage = stage
            action.rule = rule
            return action
        }
    }

    /// Nobody needs to be called any more.
    func end(_ callees: inout [String], from n: Int, rule: String = "digest") -> [Action] {
        defer { callees = [] }
        return told(callees, .resolved, rule: rule, from: n)
    }
}

extension DeskTurn {
    /// Somebody sees to it.
    mutating func tellTaken() {
        actions += Notices(of: id, cause: cause, now: now)
            .told(matter.callees, .acknowledged, rule: matter.rule, from: actions.count)
    }

    /// It is over; and so are the desk's digests once nothing of it is open.
    mutating func tellOver() {
        actions += Notices(of: id, cause: cause, now: now)
            .end(&matter.callees, from: actions.count, rule: matter.rule)
        guard let counts = desk?.desk, counts.closed >= counts.opened, !counts.callees.isEmpty, let parent = id.parent
        else { return }
        var callees = counts.callees
        actions += Notices(of: parent, cause: cause, now: now).end(&callees, from: actions.count)
        changeDesk { $0.callees = [] }
    }
}
