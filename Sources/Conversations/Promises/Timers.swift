import BusinessTime
package import Contracts
package import Instants

/// Timers lie in the state of their entity, with their kinds; the lane's zset holds only the earliest instant.
extension EntityState {
    /// The earliest instant at which a timer of this entity is due; nil if there is none.
    package var earliestTimer: Instant? {
        timers.min { $0.dueAt < $1.dueAt }.map { Instant(milliseconds: $0.dueAt) }
    }

    /// The timers due at or before `instant`, in the order in which they fire.
    package func timers(dueBy instant: Instant) -> [ArmedTimer] {
        timers.filter { $0.dueAt <= instant.milliseconds }
            .sorted { ($0.dueAt, $0.kind.rawValue, $0.subject) < ($1.dueAt, $1.kind.rawValue, $1.subject) }
    }
}

extension ArmedTimer {
    /// `<kind>@<due ms>`, as results name it.
    package var word: String {
        let name =
            switch kind {
            case .promisePreBreach: "promise_pre_breach"
            case .promiseDue: "promise_due"
            case .quiet: "quiet"
            case .ackTimeout: "ack_timeout"
            case .escalationStep: "escalation_step"
            case .windowClosing: "window_closing"
            case .firstResponse: "first_response"
            case .handover: "handover"
            case .digest: "digest"
            case .clockCheck: "clock_check"
            case .sweep: "sweep"
            case .unspecified: "unspecified"
            case .UNRECOGNIZED(let number): "kind_\(number)"
            }
        return "\(name)@\(dueAt)"
    }
}

extension Turn {
    /// How long an unsettled promise waits past its instant before it is looked at again.
    static let againAfter = Duration.seconds(3_600)
    /// A reply that was written in time and is not delivered so long after the promised instant calls the desk. Longer than the
    /// platform's outages and brakes mostly are, after which the reply counts as in time; a pause or a stop lasts until somebody
    /// ends it, and whoever wrote believes that the customer was answered.
    static let deliveredWithin = Duration.seconds(900)
    /// After this an outcome that never came counts as a delivery that nobody saw.
    static let outcomeAfter = Duration.seconds(86_400)

    mutating func arm(_ kind: ArmedTimer.Kind, at due: Instant, subject: String) {
        var timer = ArmedTimer()
        timer.kind = kind
        timer.dueAt = due.milliseconds
        timer.subject = subject
        state.timers.append(timer)
    }

    mutating func disarm(subject: String) {
        if state.timers.contains(where: { $0.subject == subject }) {
            state.timers.removeAll { $0.subject == subject }
        }
    }

    func isArmed(_ kind: ArmedTimer.Kind, _ subject: String) -> Bool {
        state.timers.contains { $0.kind == kind && $0.subject == subject }
    }

    /// Arms a promise's two timers. The call for a person is the earlier of two leads before the promised instant; if that
    /// instant has passed already, the wall lead; if that has passed too, there is only the breach.
    mutating func armPromise(_ id: String, due: Instant) {
        let hard = due - market.escalation.hardLead
        let business = coverage.retreat(from: due, by: market.escalation.businessLead) ?? hard
        let earlier = min(hard, business)
        if earlier > now {
            arm(.promisePreBreach, at: earlier, subject: id)
        } else if hard > now {
            arm(.promisePreBreach, at: hard, subject: id)
        }
        arm(.promiseDue, at: due, subject: id)
    }

    mutating func fire(_ timer: ArmedTimer) {
        holdToldTimes()
        settleUnclearReplies()
        guard let armed = state.timers.firstIndex(of: timer) else {
            result.rule = "timer.settled"
            return
        }
        state.timers.remove(at: armed)
        if timer.kind == .firstResponse { return comeToFirstResponse(timer.subject) }
        if timer.kind == .quiet { return comeToQuiet() }
        if timer.kind == .handover { return comeToHandover() }
        guard let index = openPromise(timer.subject) else {
            result.rule = "timer.settled"
            return
        }
        switch timer.kind {
        case .promisePreBreach:
            if isHeld(for: talk.promises[index].due) {
                result.rule = "promise.held"
            } else {
                result.rule = "promise.pre_breach"
                escalate(index)
            }
        case .promiseDue: comeDue(index, armedFor: Instant(milliseconds: timer.dueAt))
        case .clockCheck: result.rule = "promise.clock_check"
        default: result.rule = "timer.unknown"
        }
    }

    private mutating func comeDue(_ index: Int, armedFor instant: Instant) {
        let promise = talk.promises[index]
        let text = ActionID(high: promise.actionHigh, low: promise.actionLow)
        if promise.standing == .made, talk.pending.contains(where: { $0.isCarrying(text) && $0.cancelled }) {
            // It was stopped before it can have been sent: else its outcome came as soon as it was stopped.
            result.rule = "promise.void"
            settle(index, as: .void)
        } else if isHeld(for: promise.due) {
            waitForDelivery(index, armedFor: instant)
        } else if promise.standing == .made, now < promise.due + Self.outcomeAfter {
            result.rule = "promise.unsettled"
            arm(.promiseDue, at: now + Self.againAfter, subject: promise.id)
        } else {
            result.rule = "promise.due"
            breakPromise(index)
        }
    }

    /// A reply that would keep the promise is on its way: it is not broken before that reply has an end. Once, a while
    /// after the promised instant, the desk hears of it, whether it was called before the reply or not.
    private mutating func waitForDelivery(_ index: Int, armedFor instant: Instant) {
        let promise = talk.promises[index]
        let call = promise.due + Self.deliveredWithin
        result.rule = instant == call ? Self.undelivered : "promise.held"
        arm(.promiseDue, at: instant < call ? call : now + Self.againAfter, subject: promise.id)
        guard instant == call else { return }
        talk.promises[index].escalated = true
        talk.list(since: promise.due)
        let written = talk.held.filter { !$0.unsure && $0.at <= promise.dueAt }.map(\.at).max() ?? promise.dueAt
        tell(
            .escalation, rule: Self.undelivered, due: promise.due,
            facts: "a reply written at \(Instant(milliseconds: written)), in time for what was promised by "
                + "\(promise.due), is not delivered: account \(rules.account.id) is paused or stopped, or its "
                + "platform does not answer")
    }
}
