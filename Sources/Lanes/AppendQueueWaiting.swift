internal import Contracts

// How long anything waits.
//
// Problem: an event whose lane cannot be reached must be answered within its patience, on a cluster too, where the other
// lanes go on and no round fails as a whole; and each offer to a primary that is away costs the others time.
// Choice: on a cluster a lane whose server is away is `stranded`. It is not offered with each new event, but asked again
// several times a second with all that waits for it; in the same step what has waited too long is answered.
extension AppendQueue {
    /// Answers for events of the lanes that are listed whose deadline has passed.
    mutating func expire(at now: ContinuousClock.Instant, reason: String) {
        expire(listed, at: now, reason: reason)
    }

    /// What was never offered leaves; what is in doubt keeps its place.
    private mutating func expire(_ names: [LaneName], at now: ContinuousClock.Instant, reason: String) {
        for name in names {
            guard var lane = lanes.removeValue(forKey: name) else { continue }
            if diverts {
                divertLate(&lane, name, at: now)
                lanes[name] = lane
                continue
            }
            if let offered = lane.offered, !offered.isAbandoned,
                offered.events.allSatisfy({ $0.ticket.deadline <= now })
            {
                complete(offered.events) { _ in .refused(.inDoubt) }
                lane.offered?.events = []
                lane.offered?.isAbandoned = true
            }
            let late = lane.waiting.prefix { $0.ticket.deadline <= now }
            complete(late) { _ in .refused(.unreachable(reason)) }
            lane.waiting.removeFirst(late.count)
            lanes[name] = lane
        }
    }

    /// Whether any lane waits for `askAgain`.
    var hasAside: Bool { !parked.isEmpty || !stranded.isEmpty }

    /// Lets lanes that refused their lost batches, and those whose server was away, be asked again; of the latter, answers
    /// for what has waited too long.
    mutating func askAgain(at now: ContinuousClock.Instant) {
        expire(stranded.sorted(), at: now, reason: "the primary of its lane cannot be reached")
        for name in parked.union(stranded).sorted() { list(name) }
        parked = []
        stranded = []
    }

    /// Answers for everything; nothing is offered any more.
    mutating func stop() {
        for name in lanes.keys.sorted() {
            guard let lane = lanes.removeValue(forKey: name) else { continue }
            if let offered = lane.offered { complete(offered.events) { _ in .refused(.inDoubt) } }
            complete(lane.waiting) { _ in .refused(.stopped) }
        }
        (listed, inFlight, parked, stranded) = ([], [], [], [])
    }
}
