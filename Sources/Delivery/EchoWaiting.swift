internal import Channels
internal import Contracts
internal import HeapModule
internal import Instants

// Messages of which nobody can tell whether the platform has them.
//
// Problem: a message has no key by which the platform knows it again. Said twice it reaches a customer twice; given up it
// may never have been said. Choice: the echo with our mark, which the lane's runner hands over, proves that it was taken, and
// it has the time that the channel's row names (`echo_within`, 60 s) to come. A message of which the platform said itself that
// it failed (`SendFailure.saysNotTaken`) goes back into the outbox for that time and is then sent again: whoever owns the lane
// by then does it, and what stands behind it in its conversation waits, unless a person's words cancel it. Any other is never
// said again, so it holds its conversation up for `orderPatience` only, in which the platform may still be at it; its attempt
// stays open until the time is over, and is then settled as ambiguous, for the results to name. Rejected: closing it at
// once, which loses every answer of an outage of minutes; fifteen seconds, which an echo behind a sick platform exceeds. How
// it fails: an echo that is later than the time finds the message sent again, if a gateway said 502 of what it had passed
// on. When the process ends an attempt that is open stays so on record, and the next owner counts it as ambiguous at its
// deadline.
extension CourierLoop {
    /// A message that will not be said again, until its echo or the end of its time.
    struct Unheard {
        let failure: SendFailure
        let until: ContinuousClock.Instant
    }

    /// Something to look at; a stale one finds nothing.
    struct EchoAlarm: Comparable {
        let at: ContinuousClock.Instant
        let id: ActionID
        /// The conversation goes on; else the time is over.
        let letsGo: Bool

        static func < (left: EchoAlarm, right: EchoAlarm) -> Bool { (left.at, left.id) < (right.at, right.id) }
    }

    /// Whether earlier attempts of the action may have had their effect; nil: another process made them.
    func earlier(_ id: ActionID, before attempt: UInt32) -> Bool? { attempt <= 1 ? false : gone[id] }

    /// Keeps what an attempt that did not end the action says about those before the next.
    func remember(_ id: ActionID, _ attempt: UInt32, mayHaveGone: Bool) {
        gone[id] = mayHaveGone ? true : earlier(id, before: attempt)
    }

    /// What stands beside the answer to an attempt that was remembered: an echo that came, or an earlier attempt that may have gone.
    /// An echo is kept until the action is left, since a settlement that comes too late puts the action back.
    func trace(of id: ActionID) -> Settlement.Trace {
        if heardEarly.contains(id) { return .echoed }
        return gone[id] == true ? .mayHaveGone : .none
    }

    /// A code that says what is wrong with this call has tries of its own (DOMAIN 4.10), else one customer who blocked the page
    /// holds a quiet account up for an hour. While nothing of the account gets an answer, it is the platform that is sick.
    private func mostTries(_ failure: SendFailure, _ account: String) -> UInt32 {
        guard breakers[account]?.isOpen != true, let most = failure.mostTries else { return Settlement.mostAttempts }
        return min(Settlement.mostAttempts, most)
    }

    /// An attempt was unclear: the action waits for its echo, in the outbox if it is to be said again. False if it does not
    /// wait: its lane, in whose log the echo will stand, is not ours, or the process ends.
    func waitForEcho(_ id: ActionID, _ failure: SendFailure, _ one: UnderWay, _ now: ContinuousClock.Instant) -> Bool {
        let wait = setting.echoWithin(one.action.account)
        var failure = failure
        failure.mayHaveGone = true
        if failure.saysNotTaken, tries(of: id, one.attempt) < mostTries(failure, one.action.account) {
            counters.unheard += 1
            settle(.again(after: wait, failure), id, one)
            return true
        }
        if failure.saysNotTaken {
            // As often as may be the platform said that it has nothing: the team hears that nobody was answered.
            settle(.failed(failure), id, one)
            return true
        }
        guard !isStopping, lanes[one.lane] != nil, !schedule.isPaused(one.lane) else { return false }
        counters.unheard += 1
        unheard[id] = Unheard(failure: failure, until: now + wait)
        echoAlarms.insert(EchoAlarm(at: now + min(wait, setting.orderPatience), id: id, letsGo: true))
        echoAlarms.insert(EchoAlarm(at: now + wait, id: id, letsGo: false))
        schedule.rest(id, now: serverNow(now))
        return true
    }

    /// Echoes of ours came: what was unclear is delivered, what would be sent again is not.
    /// In a lane whose outbox is still to be read any of them may wait.
    func heard(_ ids: [ActionID], in lane: LaneName, _ server: Instant) {
        for id in ids {
            if unheard.removeValue(forKey: id) != nil {
                heardEarly.insert(id)
                guard let one = underWay[id] else { continue }
                settle(.delivered(providerID: ""), id, one)
            } else if schedule.contains(id) || toRecover.contains(lane) {
                heardEarly.insert(id)
                // Its next attempt is not made, so nothing is to be waited for.
                schedule.hasten(id, now: server)
            }
        }
    }

    /// What was cancelled while it waited to be sent again ends at once, whatever holds its account: its lane decides by what
    /// may have reached the customer. One that the schedule does not know yet is found open in the outbox, its time over.
    func stop(_ id: ActionID, _ server: Instant) {
        guard let action = actions[id], let lane = schedule.lane(of: id), let attempts = schedule.end(id, now: server)
        else { return }
        let one = UnderWay(action: action, lane: lane, attempt: attempts, isAnswered: true)
        underWay[id] = one
        settle(answerToCancelled(id), id, one)
    }

    /// What an action counts as that was cancelled after an attempt that may have had its effect.
    func answerToCancelled(_ id: ActionID) -> SendAnswer {
        if heardEarly.contains(id) { return .delivered(providerID: "") }
        var failure = SendFailure(status: 0, message: Settlement.cancelledUnclear)
        failure.mayHaveGone = true
        return .ambiguous(failure)
    }

    /// Lets conversations go on, and settles what has waited long enough.
    func passEchoes(_ now: ContinuousClock.Instant) {
        while let alarm = echoAlarms.min, alarm.at <= now {
            echoAlarms.removeMin()
            guard let waiting = unheard[alarm.id] else { continue }
            if alarm.letsGo {
                schedule.letGo(alarm.id, now: serverNow(now))
            } else if waiting.until <= now {
                unheard[alarm.id] = nil
                if let one = underWay[alarm.id] { settle(.ambiguous(waiting.failure), alarm.id, one) }
            }
        }
    }

    /// A lane stands still: no echo enters its log, and a move may wait for what is open.
    func giveUpEchoes(in lane: LaneName) {
        for (id, waiting) in unheard.sorted(by: { $0.key < $1.key }) {
            guard let one = underWay[id], one.lane == lane else { continue }
            unheard[id] = nil
            settle(.ambiguous(waiting.failure), id, one)
        }
    }

    /// The process ends: what waits stays open on record.
    func leaveUnheard(_ server: Instant) {
        for id in unheard.keys.sorted() { finish(id, server) }
        unheard = [:]
        echoAlarms = Heap()
    }
}
