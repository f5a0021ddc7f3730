internal import Contracts
internal import Dispatch
internal import Instants
internal import Redis
internal import Synchronization

/// What an appender's callers and its thread share, and what the thread does.
final class AppenderLoop: Sendable {
    private struct State {
        var queue: AppendQueue
        var isAsleep = false
        var isEnding = false
    }

    let ended = DispatchSemaphore(value: 0)
    let spool: Spool?
    private let state: Mutex<State>
    private let bell = DispatchSemaphore(value: 0)
    private let connector: LaneConnector
    private let limits: AppenderLimits

    private static let firstBackOff: Duration = .milliseconds(50)
    private static let longestBackOff: Duration = .seconds(1)
    private static let lookInterval: DispatchTimeInterval = .milliseconds(250)
    private static let drainPatience: Duration = .seconds(86_400 * 365)

    init(connector: LaneConnector, limits: AppenderLimits, spool: Spool?) {
        self.connector = connector
        self.limits = limits
        self.spool = spool
        var queue = AppendQueue(
            bounds: limits.bounds, generator: SystemRandomNumberGenerator(), diverts: spool != nil,
            tail: AppendTail(age: limits.tailAge, mostBytes: limits.mostTailBytes))
        queue.isPerLane = connector.endpoint.isCluster
        for (lane, events) in spool?.backlog ?? [] { queue.putBehind(events, of: lane) }
        if let spool, spool.isDrainHeld, !spool.isEmpty { queue.rerouting = 0 }
        state = Mutex(State(queue: queue))
    }

    /// Takes events; what the drain brings back waits as long as it takes.
    func offer(
        _ events: ArraySlice<LaneEvent>, isDrained: Bool = false, maySpool: Bool = true,
        finish: @escaping @Sendable ([AppendResult]) -> Void
    ) {
        let patience = isDrained ? Self.drainPatience : limits.patience
        let ticket = CallTicket(count: events.count, deadline: .now.advanced(by: patience), finish: finish)
        let bytes = events.reduce(0) { $0 + $1.bytes.count }
        let refused = state.withLock { state in
            let isRoom =
                state.queue.events + events.count <= limits.mostQueued
                && state.queue.bytes + bytes <= limits.mostQueuedBytes
            var refused: [(Int, AppendRefusal)] = []
            for (index, event) in events.enumerated() {
                let place = state.queue.place(event)
                let waiting = AppendQueue.Waiting(
                    bytes: event.bytes, ticket: ticket, index: index, isDrained: isDrained, maySpool: maySpool,
                    key: event.key, generation: place.generation)
                if state.isEnding {
                    refused.append((index, .stopped))
                } else if event.bytes.count > EventFraming.mostEventBytes, isRoom {
                    refused.append((index, .tooLarge(bytes: event.bytes.count)))
                } else if isDrained, place.lane != event.lane || state.queue.rerouting != nil {
                    // What is on disk is about to be given other lanes. None of a lane's page, so that what is held of it
                    // is always its beginning, which is removed.
                    refused.append((index, .behind))
                } else if isRoom {
                    state.queue.add(waiting, to: place.lane)
                } else if isDrained || !state.queue.overflow(waiting, to: place.lane) {
                    refused.append((index, .busy))
                }
            }
            spool(&state)
            if state.isAsleep {
                state.isAsleep = false
                bell.signal()
            }
            return refused
        }
        for (index, refusal) in refused { ticket.complete(index, .refused(refusal)) }
    }

    /// The spool could not write these.
    func release(_ events: [Diverted], reason: String) {
        state.withLock { state in
            for event in events { state.queue.release(event) }
        }
        for event in events { event.ticket.complete(event.index, .refused(.notSpooled(reason))) }
    }

    /// Hands the spool what left the queue, under the lock, so that the order stays.
    private func spool(_ state: inout State) {
        guard let spool else { return }
        let diverted = state.queue.takeDiverted()
        guard !diverted.isEmpty else { return }
        for event in spool.take(diverted) {
            state.queue.release(event)
            event.ticket.complete(event.index, .refused(.notSpooled("its bound is reached")))
        }
    }

    /// Places events by these routes from now on. While anything is spooled everything goes behind it, until `reroute`;
    /// false if that is not needed, since no key has another lane than before.
    func use(_ routes: LaneRoutes) -> Bool {
        state.withLock { state in
            guard state.queue.use(routes) else { return false }
            spool(&state)
            if let spool { state.queue.rerouting = spool.isEmpty ? nil : routes.number }
            return true
        }
    }

    /// Whether what is spooled has yet to be given lanes.
    var isRerouting: Bool { state.withLock { $0.queue.rerouting != nil } }

    /// Gives what is spooled its lanes, piece by piece; webhooks go on meanwhile, behind it. Only while nothing is drained.
    ///
    /// - Returns: false if newer routes came or `isOver` said so: then it is to be done again.
    func reroute(_ spool: Spool, _ routes: LaneRoutes, isOver: () -> Bool) throws -> Bool {
        let end = try spool.settle()
        var after: Int64 = 0
        var hasUnplaced = false
        while let piece = try spool.relabel(after: after, upTo: end, routes) {
            state.withLock { $0.queue.moveBehind(piece.moves) }
            after = piece.last
            hasUnplaced = hasUnplaced || piece.hasUnplaced
            if isOver() { return false }
        }
        guard state.withLock({ $0.queue.finishRerouting(by: routes.number, hasUnplaced: hasUnplaced) }) else {
            return false
        }
        spool.letDrain()
        return true
    }

    func end() {
        state.withLock { $0.isEnding = true }
        bell.signal()
    }

    /// The thread's body.
    func run() {
        var store: LaneStore?
        var known = Recognised()
        var nextLook = ContinuousClock.now
        var backOff = Self.firstBackOff
        while waitForWork() {
            lookAside(&nextLook)
            do {
                let open = try store ?? connector.open(clientName: "appender")
                try recognise(open, isNew: store == nil, &known)
                store = open
                let passing = try round(open)
                guard let passing else {
                    backOff = Self.firstBackOff
                    continue
                }
                store = nil
                rest(&backOff, passing.description)
            } catch {
                store = nil
                state.withLock { $0.queue.fail() }
                rest(&backOff, "\(error)")
            }
        }
        state.withLock { $0.queue.stop() }
        ended.signal()
    }

    /// The servers as they were last seen.
    private struct Recognised {
        var identities: [Int: ServerIdentity] = [:]
        /// `RedisConnection.changes`, which rises when a cluster's connection finds another primary.
        var changes: UInt64 = 0
        /// Stores opened so far.
        var opened: UInt64 = 0
        var lookAgainAt = ContinuousClock.now
    }

    /// On a new connection, a new primary of a cluster, while idle and on a cluster now and then: has the last seconds of
    /// lanes offered again whose server is another one.
    private func recognise(_ store: LaneStore, isNew: Bool, _ known: inout Recognised) throws(LaneError) {
        let isCluster = connector.endpoint.isCluster
        let isDue =
            isNew || store.connection.changes != known.changes || isCluster && ContinuousClock.now >= known.lookAgainAt
        guard isDue || state.withLock({ !$0.queue.hasWork }) else { return }
        if isNew { known.opened += 1 }
        let current = try store.identities(opened: known.opened)
        let changes = store.connection.changes
        // Over the same connections to the same primaries since the last look.
        let isSteady = !isNew && changes == known.changes
        let sightings = state.withLock { $0.queue.tail.lanes }.reduce(into: [LaneName: AppendTail.Sighting]()) {
            let shard = isCluster ? store.shard(of: $1) : 0
            // One server's numbers mean the same after a new connection; a cluster's need not.
            let before = isCluster && !isSteady ? nil : known.identities[shard]
            $0[$1] = current[shard].map { .here($0, before: before) } ?? .away
        }
        state.withLock { $0.queue.look(sightings, at: .now) }
        known.identities = current
        known.changes = changes
        known.lookAgainAt = .now.advanced(by: .seconds(1))
    }

    /// Has lanes that wait by themselves asked again, and answers for what has waited too long for them.
    private func lookAside(_ nextLook: inout ContinuousClock.Instant) {
        guard ContinuousClock.now >= nextLook else { return }
        nextLook = .now.advanced(by: .milliseconds(250))
        state.withLock { state in
            guard state.queue.hasAside else { return }
            state.queue.askAgain(at: .now)
            spool(&state)
        }
    }

    /// Offers one round; a returned fault is the server's as a whole.
    private func round(_ store: LaneStore) throws(LaneError) -> LaneFault? {
        let batches = state.withLock { $0.queue.nextRound() }
        guard !batches.isEmpty else { return nil }
        let replies = try store.append(batches)
        return state.withLock { state in
            defer { spool(&state) }
            return state.queue.answer(replies, at: .now)
        }
    }

    /// Sleeps while there is nothing to offer; false once it is to end. While anything of the last seconds is kept it
    /// returns now and then, so that the server is looked at.
    private func waitForWork() -> Bool {
        while true {
            let (isEnding, hasWork, keeps) = state.withLock { state in
                state.isAsleep = !state.queue.hasWork
                return (state.isEnding, state.queue.hasWork, !state.queue.tail.isEmpty || state.queue.hasAside)
            }
            if isEnding { return false }
            if hasWork { return true }
            guard keeps else {
                bell.wait()
                continue
            }
            if bell.wait(timeout: .now() + Self.lookInterval) == .timedOut {
                state.withLock { $0.isAsleep = false }
                return true
            }
        }
    }

    /// After a failure: answers for what has waited too long, then waits a little before the next attempt.
    private func rest(_ backOff: inout Duration, _ reason: String) {
        state.withLock { state in
            state.queue.expire(at: .now, reason: reason)
            spool(&state)
        }
        let milliseconds = Int(backOff.wholeMilliseconds)
        _ = bell.wait(timeout: .now() + .milliseconds(milliseconds))
        backOff = min(backOff * 2, Self.longestBackOff)
    }
}
