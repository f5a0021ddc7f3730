internal import Contracts

// The gate between the direct way into a lane and the way through the spool.
//
// Problem: what a lane cannot take goes to the spool, and nothing newer of the lane may overtake it, neither on its way
// to the disk nor back. Two paths and a flag between them would race.
// Choice: the gate is a count in the queue that both paths go through, under its one lock. What is refused becomes
// `diverted` in the same step that refuses it and raises `behind`; while `behind` is not zero every newer event is
// diverted too; what the drain brings back passes and lowers it once it is held. So the lane opens at the very step in
// which its last spooled event is held. A lane's direct events leave the queue together, so direct and drained ones of
// one lane never wait side by side.
// After something waited in vain (`isAway`), lanes with nothing under way divert at once, so that an outage does not
// make each request wait for its whole patience.
// How it fails: events whose append was in doubt go to the spool although they may be in the log; then they are appended
// twice. That is harmless: `decide` knows an event by its id and gives the second `duplicate`.
// Rejected: to go on offering the batch in doubt before them, which would double its events always, not only when it
// was held.

/// An event on its way to the spool.
struct Diverted: Sendable {
    var lane: LaneName
    let key: String
    let bytes: [UInt8]
    let ticket: any AppendTicket
    let index: Int
}

extension Diverted {
    init(_ event: AppendQueue.Waiting, of lane: LaneName) {
        self.init(lane: lane, key: event.key, bytes: event.bytes, ticket: event.ticket, index: event.index)
    }
}

extension AppendQueue {
    /// The spool has so many events of a lane from before.
    mutating func putBehind(_ count: Int, of name: LaneName) {
        let own = producer
        lanes[name, default: Lane(producer: own)].behind += count
    }

    /// Spooled events were given another lane.
    mutating func moveBehind(_ moves: [SpoolFile.Relabelled]) {
        for move in moves {
            putBehind(-move.events, of: move.from)
            putBehind(move.events, of: move.to)
        }
    }

    /// All that is spooled has its lanes; false if newer routes have come meanwhile, by which it has not.
    ///
    /// - Parameter hasUnplaced: whether a key was met that has no lane.
    mutating func finishRerouting(by number: UInt64, hasUnplaced found: Bool) -> Bool {
        guard rerouting ?? number == number else { return false }
        rerouting = nil
        hasUnplaced = hasUnplaced || found
        return true
    }

    /// The spool could not take an event that was diverted. The next one tries its lane again, whatever was before.
    mutating func release(_ event: Diverted) {
        isAway = false
        lanes[event.lane]?.behind -= 1
    }

    /// Events diverted since the last call, in order.
    mutating func takeDiverted() -> [Diverted] {
        defer { diverted = [] }
        return diverted
    }

    /// Whether a new event of this lane goes behind others of the spool.
    func goesBehind(_ name: LaneName) -> Bool {
        guard diverts else { return false }
        if rerouting != nil { return true }
        guard let lane = lanes[name] else { return isAway }
        return lane.behind > 0 || isAway && !lane.isBusy
    }

    /// Diverts an event that finds the queue full; false if that would let it overtake what waits here.
    mutating func overflow(_ event: Waiting, to name: LaneName) -> Bool {
        guard diverts, event.maySpool, lanes[name]?.isBusy != true || goesBehind(name) else { return false }
        divert(event, of: name)
        return true
    }

    /// Diverts an event that never was in this queue.
    mutating func divert(_ event: Waiting, of name: LaneName) {
        putBehind(1, of: name)
        diverted.append(Diverted(event, of: name))
    }

    /// Ends the stay of events: to the spool if they are new and it may help, else refused.
    mutating func leave(_ leaving: [Waiting], _ lane: inout Lane, _ name: LaneName, _ refusal: AppendRefusal) {
        guard diverts else { return complete(leaving) { _ in .refused(refusal) } }
        for event in leaving {
            forget(event)
            if event.isDrained || !event.maySpool {
                event.complete(.refused(refusal))
            } else {
                lane.behind += 1
                diverted.append(Diverted(event, of: name))
            }
        }
    }

    /// Once one new event of the lane has waited too long, all of them go to the spool. A batch in doubt is not offered
    /// again as it was, so its number is spent: the lane goes on under a new producer. What the drain brought waits as
    /// long as it takes: it is safe, and a repetition would double it.
    mutating func divertLate(_ lane: inout Lane, _ name: LaneName, at now: ContinuousClock.Instant) {
        func isLate(_ event: Waiting) -> Bool { !event.isDrained && event.ticket.deadline <= now }
        let offered = lane.offered?.events ?? []
        guard offered.contains(where: isLate) || lane.waiting.contains(where: isLate) else { return }
        isAway = !isPerLane
        leave(offered, &lane, name, .inDoubt)
        leave(lane.waiting, &lane, name, .inDoubt)
        lane.waiting = []
        guard lane.offered != nil else { return }
        lane.offered = nil
        renewProducer(of: &lane)
    }
}
