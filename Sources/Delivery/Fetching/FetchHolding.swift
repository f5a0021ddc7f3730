internal import Contracts
internal import Instants
internal import Lanes
internal import Synchronization

// A pause or a brake that comes while a fetch is under way.
//
// Problem: a sweep makes hundreds of calls for one attempt, and what was asked when it was claimed is half a minute old at
// its end. Choice: the courier, which knows of pauses and brakes within half a second anyway, sets a mark that the fetch
// looks at before each call; the fetch then ends like one that has no time left, and goes on where it was once its account
// may be called again. Rejected: a look at Redis before each call. How it fails: a call that is on its way is not called back.

/// Set by the courier's thread, read by the task that fetches. Once set it stays.
final class HoldMark: Sendable {
    private let mark = Atomic<Bool>(false)

    var isSet: Bool { mark.load(ordering: .acquiring) }

    func set() { mark.store(true, ordering: .releasing) }
}

extension CourierLoop {
    /// What an attempt that is just claimed asks.
    func holdMark(_ id: ActionID) -> @Sendable () -> Bool {
        let mark = HoldMark()
        holdMarks[id] = mark
        return { mark.isSet }
    }

    /// Whose brakes are to be known although nothing of them is claimed now.
    var fetchingAccounts: Set<String> {
        Set(holdMarks.keys.compactMap { underWay[$0]?.action.account })
    }

    /// Ends the fetches under way whose account or lane is to call nothing now.
    func holdFetches(_ server: Instant) {
        holdMarks = holdMarks.filter { id, mark in
            guard let one = underWay[id], !one.isAnswered, !mark.isSet else { return false }
            guard isHeld(one, server) else { return true }
            mark.set()
            return false
        }
    }

    private func isHeld(_ one: UnderWay, _ server: Instant) -> Bool {
        let (action, standing) = (one.action, lanes[one.lane])
        if standing?.isPaused == true { return true }
        let decidedAt = Instant(milliseconds: action.decidedAt) - (standing?.offset ?? .zero)
        if let pause = gate.pauses[action.account], pause.holds(decidedAt: decidedAt) { return true }
        return gate.brake(on: action.account, now: server)?.stops(Urgency(action.class)) == true
    }
}
