package import Contracts

// What becomes of events that wait when the topology changes.
//
// Problem: an event is placed when it comes, and its lane may have given its conversation away before the event gets in.
// Choice: each append carries the generation of its lane, which a resize raises, so that a lane refuses what was placed
// before. Whoever uses a spool says which lanes keys have (`LaneRoutes`); an event that was placed by another topology is
// placed anew under the queue's lock, and the moment new routes come everything that waits for a lane that it would not
// have now goes to the spool, in order and before anything newer: a batch under way too, since its lane refuses it or has
// decided it before it gave its memory of ids away, which makes the second a `duplicate`.
// What a server lost of its last seconds is offered to the lane that had it; refused for its generation it goes by its
// keys, like the rest.
// A topology that is newer and sends every known key where it went before, with one account more for instance, touches
// nothing that waits or is spooled, unless something there has a key that no topology knew.
// Rejected: to keep such events in memory until the lanes are open. A resize takes seconds, and the answer may not.
// How it fails: without a spool such an event is refused, and its sender offers it again.

/// The lanes that keys (`LaneEvent.key`) have under one topology.
package struct LaneRoutes: Sendable {
    /// The topology's number.
    package let number: UInt64
    /// Nil if a key has none.
    package let place: @Sendable (_ key: String) -> LanePlace?
    /// Of a lane that something is said to by name, not by key; nil for one that is not in use.
    package var generation: @Sendable (LaneName) -> UInt64? = { _ in nil }
    /// The key of a serialised event that was spooled without one, by an older version; nil for what is said to a lane.
    package var key: @Sendable (_ event: [UInt8]) -> String? = { _ in nil }
    private var topology: Topology?

    package init(number: UInt64, place: @escaping @Sendable (_ key: String) -> LanePlace?) {
        self.number = number
        self.place = place
    }

    package init(_ topology: Topology) {
        self.init(number: topology.number) { key in LaneKey(text: key).flatMap { topology.place(of: $0) } }
        generation = { topology.generation(of: $0) }
        self.topology = topology
    }

    /// Whether every key that had a lane has the same, of the same generation; no if that cannot be told.
    func keep(_ earlier: LaneRoutes) -> Bool {
        guard let topology, let before = earlier.topology else { return false }
        return before.partitions.allSatisfy { name, partition in
            topology.partitions[name].map { ($0.lanes, $0.generation) == (partition.lanes, partition.generation) }
                ?? false
        }
            && before.accounts.allSatisfy { topology.accounts[$0]?.partition == $1.partition }
            && before.desks.allSatisfy { topology.desks[$0] == $1 }
    }
}

extension AppendQueue {
    /// Where an event goes now.
    mutating func place(_ event: LaneEvent) -> LanePlace {
        if let routes, !event.key.isEmpty, event.topology != routes.number {
            if let place = routes.place(event.key) { return place }
            hasUnplaced = true
        }
        let named = event.key.isEmpty ? routes?.generation(event.lane) : nil
        return LanePlace(lane: event.lane, generation: named ?? event.generation)
    }

    /// From now on keys have these lanes; what waits for others goes to the spool. False if no lane of any key has changed:
    /// then nothing is looked at.
    @discardableResult
    mutating func use(_ routes: LaneRoutes) -> Bool {
        if let known = self.routes, rerouting == nil, !hasUnplaced, routes.keep(known) {
            self.routes = routes
            return false
        }
        self.routes = routes
        guard diverts else { return true }
        // What is spooled is looked at one by one.
        hasUnplaced = false
        for name in lanes.keys.sorted() {
            guard let lane = lanes[name], lane.offered != nil || !lane.waiting.isEmpty else { continue }
            let events = (lane.offered?.events ?? []) + lane.waiting
            let places = events.map { routes.place($0.key) }
            hasUnplaced = hasUnplaced || zip(events, places).contains { !$0.key.isEmpty && $1 == nil }
            let isMoved = zip(events, places).contains { event, place in
                place.map { $0 != LanePlace(lane: name, generation: event.generation) } ?? false
            }
            if isMoved { displace(events, of: name) }
        }
        return true
    }

    private mutating func displace(_ events: [Waiting], of name: LaneName) {
        if lanes[name]?.offered != nil, var lane = lanes[name] {
            lane.offered = nil
            renewProducer(of: &lane)
            lanes[name] = lane
        }
        lanes[name]?.waiting = []
        for event in events {
            forget(event)
            if event.isDrained || !event.maySpool {
                event.complete(.refused(.behind))
            } else {
                divert(event, of: routes?.place(event.key)?.lane ?? name)
            }
        }
    }

    /// What a lane lost and does not take back, since its topology is another, goes by its keys; false if it has none.
    mutating func displaceAgain(_ lane: inout Lane, _ name: LaneName) -> Bool {
        guard diverts, lane.again.allSatisfy({ $0.keys.count == $0.count }) else { return false }
        for batch in lane.again {
            guard let ranges = try? EventFraming.ranges(of: batch.body) else { continue }
            for (key, range) in zip(batch.keys, ranges) {
                let place = routes?.place(key)
                hasUnplaced = hasUnplaced || place == nil
                let target = place?.lane ?? name
                // Its sender has its answer.
                let event = Waiting(bytes: Array(batch.body[range]), ticket: AnsweredTicket(), index: 0, key: key)
                if target == name {
                    lane.behind += 1
                    diverted.append(Diverted(event, of: name))
                } else {
                    divert(event, of: target)
                }
            }
        }
        lane.again = []
        return true
    }
}

/// Stands for a caller that has its answer already.
private final class AnsweredTicket: AppendTicket {
    let deadline = ContinuousClock.now

    func complete(_ index: Int, _ result: AppendResult) {}
}
