import Contracts
import Instants

/// What became of an action (DOMAIN 5.4, steps 8 and 9).
///
/// The action is looked for in everything that may still wait for it, not only among the pending ones: their list is
/// bounded, a promise or a held reply must hear of its outcome all the same. An outcome that nothing waits for is noted.
extension PendingAction {
    func isCarrying(_ action: ActionID) -> Bool { idHigh == action.high && idLow == action.low }
}

extension Turn {
    mutating func decide(outcome: Outcome) {
        guard let action = ActionID(hex: outcome.action) else {
            result.rule = "outcome.unknown_action"
            return
        }
        switch outcome.status {
        case .delivered:
            result.rule = "outcome.delivered"
            reachedCustomer(action)
        case .ambiguous:
            result.rule = "outcome.ambiguous"
            mayHaveReached(action)
        case .failed:
            let isGone = outcome.unreachable && !isPublic
            result.rule = isGone ? "outcome.unreachable" : "outcome.failed"
            neverReached(action)
            if isGone { becomeUnreachable() }
        case .cancelled:
            result.rule = "outcome.cancelled"
            neverReached(action)
        case .expired:
            result.rule = "outcome.expired"
            neverReached(action)
        case .windowClosed:
            result.rule = "outcome.window_closed"
            neverReached(action)
        case .alreadyDone:
            result.rule = "outcome.already_done"
            doneByAnother(action)
        case .unspecified, .UNRECOGNIZED:
            result.rule = "outcome.unknown_status"
        }
        learnOwnReply(action, outcome)
    }

    /// The platform has nobody there any more. Only the customer can end that, by writing; until then nothing automatic is
    /// said, and what was promised is a person's task, who may find another way.
    private mutating func becomeUnreachable() {
        talk.unreachable = true
        cancelAutomaticTexts()
        talk.unsent = result.rule
        for index in talk.promises.indices where talk.promises[index].standing.isOpen {
            talk.list(since: Instant(milliseconds: talk.promises[index].madeAt))
            guard !talk.promises[index].escalated else { continue }
            talk.promises[index].escalated = true
            tell(.escalation, rule: "outcome.unreachable", due: talk.promises[index].due)
        }
    }

    mutating func reachedCustomer(_ action: ActionID) {
        let pending = takePending(action)
        let isAfterHours = giveText(action)
        if let held = takeHeld(action) {
            let instant = Instant(milliseconds: held.at)
            keepPromises(asOf: instant)
            if isPublic {
                commentAnswered(pending?.subject ?? 0)
            } else {
                personAnswered(asOf: instant)
            }
            reconsiderPromises()
        } else if let pending, pending.automatic, isPublic, !isAfterHours {
            automaticReached(pending)
        }
        bind(carriedBy: action)
    }

    private mutating func mayHaveReached(_ action: ActionID) {
        let pending = takePending(action)
        let isAfterHours = giveText(action)
        if let index = talk.held.firstIndex(where: { $0.actionHigh == action.high && $0.actionLow == action.low }) {
            talk.held[index].unsure = true
            reopen()
            noteUnsent(at: Instant(milliseconds: talk.held[index].at))
            reconsiderPromises()
        } else if let pending, pending.automatic, isPublic, !isAfterHours {
            automaticReached(pending)
        }
        bind(carriedBy: action)
    }

    private mutating func neverReached(_ action: ActionID) {
        let pending = takePending(action)
        if pending?.beside == true { return }
        // Of a text in pieces only the last one is pending; the first one says that nobody wrote it.
        if pending?.automatic != false { noteDisclosed(at: 0) }
        talk.afterHours.removeAll { !$0.given && $0.actionHigh == action.high && $0.actionLow == action.low }
        if let pending, moderationFailed(pending) { return }
        let isPromise = talk.promises.contains { $0.isCarried(by: action) }
        void(carriedBy: action)
        if let held = takeHeld(action) {
            reopen()
            noteUnsent(at: Instant(milliseconds: held.at))
            reconsiderPromises()
        } else if let pending, pending.automatic, !isPromise {
            // The answer that it relied on never came: the question is the team's.
            if isPublic ? talk.hasOpenComment : talk.lastCustomerAt > talk.lastAgentAt { reopen() }
        }
    }

    /// The comment has its answer from another conversation in which it stands too, under the ad or under the original:
    /// nothing is open here, and what that answer promised binds there.
    private mutating func doneByAnother(_ action: ActionID) {
        let pending = takePending(action)
        let isAfterHours = giveText(action)
        void(carriedBy: action)
        if let pending, pending.automatic, isPublic, !isAfterHours { automaticReached(pending) }
    }

    /// An answer under a post that stands there ends the question of its author.
    private mutating func automaticReached(_ pending: PendingAction) {
        if let mark = talk.comments.first(where: { StableHash.hash($0.id) == pending.subject }) {
            // Where a private message answers, the public word beside it answers nothing.
            guard !mark.toldPrivately || pending.kind == UInt32(Action.Kind.privateReply.rawValue) else { return }
            noteComment(mark.id) { $0.answered = true }
        }
        if talk.status == .waitingTeam, !talk.hasOpenComment { talk.unlist(as: .waitingCustomer) }
    }

    /// Puts the conversation before the team again: what seemed answered is not.
    private mutating func reopen() {
        guard talk.lastCustomerAt > 0 else { return talk.list(since: now) }
        let newest = Instant(milliseconds: talk.lastCustomerAt)
        talk.noteCustomer(at: newest, wantsAnswer: true)
        talk.list(since: newest)
    }

    /// Says why a person's words of that instant did not reach the customer, unless the customer wrote since.
    mutating func noteUnsent(at instant: Instant) {
        if instant.milliseconds >= talk.lastCustomerAt { talk.unsent = result.rule }
    }

    /// True if the action carries an after-hours text, which is now given.
    private mutating func giveText(_ action: ActionID) -> Bool {
        guard
            let index = talk.afterHours.firstIndex(where: {
                $0.actionHigh == action.high && $0.actionLow == action.low
            })
        else { return false }
        talk.afterHours[index].given = true
        talk.afterHours[index].actionHigh = 0
        talk.afterHours[index].actionLow = 0
        return true
    }

    private mutating func takePending(_ action: ActionID) -> PendingAction? {
        guard let index = talk.pending.firstIndex(where: { $0.isCarrying(action) }) else { return nil }
        return talk.pending.remove(at: index)
    }

    private mutating func takeHeld(_ action: ActionID) -> HeldReply? {
        guard
            let index = talk.held.firstIndex(where: { $0.actionHigh == action.high && $0.actionLow == action.low })
        else { return nil }
        return talk.held.remove(at: index)
    }
}
