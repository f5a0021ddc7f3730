internal import Channels
internal import Contracts
internal import Instants

// Messages of which nobody can tell whether the platform has them.
//
// Problem: a message has no key by which the platform knows it again. Said twice it reaches a customer twice; given up it
// may never have been said. Choice: the attempt stays open, out of the way of others, and its conversation waits: the echo
// with our mark, which the lane's runner hands over, proves that it was taken. Without one by `echoPatience` a message of
// which the platform said itself that it failed (`SendFailure.saysNotTaken`) is sent again; any other is settled as
// ambiguous, for the results to name. Rejected: closing it at once, which loses every answer of an outage of minutes. How
// it fails: an echo that is later than the patience finds the message sent again, if a gateway said 502 of what it had
// passed on. When the process ends the attempt stays open on record, and the next owner counts it as ambiguous at its
// deadline.
extension CourierLoop {
    struct Unheard {
        let failure: SendFailure
        let until: ContinuousClock.Instant
    }

    /// Echoes of messages that wait for another attempt are kept up to this number; an echo that is not costs at most
    /// what a late one does.
    private static let mostEarly = 4_096

    /// Whether earlier attempts of the action may have had their effect; nil: another process made them.
    func earlier(_ id: ActionID, before attempt: UInt32) -> Bool? { attempt <= 1 ? false : gone[id] }

    /// Keeps what an attempt that did not end the action says about those before the next.
    func remember(_ id: ActionID, _ attempt: UInt32, mayHaveGone: Bool) {
        gone[id] = mayHaveGone ? true : earlier(id, before: attempt)
    }

    /// Gives up the place of an unclear attempt among what is under way; its conversation goes on waiting.
    func waitForEcho(_ id: ActionID, _ failure: SendFailure, _ now: ContinuousClock.Instant) {
        counters.unheard += 1
        unheard[id] = Unheard(failure: failure, until: now + setting.echoPatience)
        schedule.rest(id, now: serverNow(now))
    }

    /// Echoes of ours came: what was unclear is delivered, what would be sent again is not.
    func heard(_ ids: [ActionID]) {
        for id in ids {
            if unheard.removeValue(forKey: id) != nil {
                guard let one = underWay[id] else { continue }
                settle(.delivered(providerID: ""), id, one)
            } else if schedule.contains(id), heardEarly.count < Self.mostEarly {
                heardEarly.insert(id)
            }
        }
    }

    /// Settles what has waited long enough.
    func passEchoes(_ now: ContinuousClock.Instant) {
        guard !unheard.isEmpty else { return }
        for id in unheard.filter({ $0.value.until <= now }).keys.sorted() {
            guard let waited = unheard.removeValue(forKey: id), let one = underWay[id] else { continue }
            let failure = waited.failure
            let mayRepeat = failure.saysNotTaken && one.attempt < Settlement.mostAttempts
            settle(mayRepeat ? .again(after: .zero, failure) : .ambiguous(failure), id, one)
        }
    }

    /// The process ends: what waits stays open on record.
    func leaveUnheard(_ server: Instant) {
        for id in unheard.keys.sorted() { finish(id, server) }
        unheard = [:]
    }
}
