internal import Contracts
internal import Dispatch
internal import Foundation
internal import Instants
internal import Redis
internal import Synchronization

/// Group commit for producers, without a timer: one plain thread with its own connection; whatever arrives while one
/// append is in flight forms the next batches.
///
/// Events of one lane are appended in the order in which they were given, each once, however often a reply is lost
/// (`AppendQueue` says how). An answer comes at the latest one connect or reply deadline after the limits' patience.
package final class LaneAppender: Sendable {
    private let shared: Shared
    private let drain: SpoolDrain?

    package convenience init(connector: LaneConnector, limits: AppenderLimits = AppenderLimits()) {
        self.init(connector: connector, limits: limits, spool: nil)
    }

    /// With a spool, what a lane cannot take is held there and comes back in order. The appender then owns the spool.
    init(connector: LaneConnector, limits: AppenderLimits, spool: Spool?) {
        let shared = Shared(connector: connector, limits: limits, spool: spool)
        self.shared = shared
        let thread = Thread { shared.run() }
        thread.name = "appender"
        thread.start()
        guard let spool else {
            drain = nil
            return
        }
        let drain = SpoolDrain(
            spool: spool,
            offer: { events in Self.blocking { shared.offer(events[...], isDrained: true, finish: $0) } },
            reroute: { route in try shared.reroute(spool, route) })
        self.drain = drain
        spool.start(refuse: { shared.release($0, reason: $1) }, added: { drain.wake() })
        drain.start()
    }

    deinit { shared.end() }

    /// Offers events; one result each, in order.
    ///
    /// - Parameter maySpool: false: what a lane cannot take is refused, although there is a spool.
    package func append(_ events: [LaneEvent], maySpool: Bool = true) async -> [AppendResult] {
        var results: [AppendResult] = []
        for start in stride(from: 0, to: events.count, by: Self.mostPerTicket) {
            let slice = events[start..<min(start + Self.mostPerTicket, events.count)]
            results += await withCheckedContinuation { continuation in
                shared.offer(slice, maySpool: maySpool) { continuation.resume(returning: $0) }
            }
        }
        return results
    }

    /// The same for a thread that may block.
    package func appendBlocking(_ events: [LaneEvent]) -> [AppendResult] {
        var results: [AppendResult] = []
        for start in stride(from: 0, to: events.count, by: Self.mostPerTicket) {
            let slice = events[start..<min(start + Self.mostPerTicket, events.count)]
            results += Self.blocking { shared.offer(slice, finish: $0) }
        }
        return results
    }

    /// Has what is spooled find its lanes anew, before anything more of it is drained.
    ///
    /// From now on new events go behind what is spooled, until that has its lanes.
    func reroute(_ route: @escaping LaneRoute) {
        shared.holdForRoute()
        drain?.reroute(route)
    }

    /// Ends the thread and returns when it has ended. What still waits is refused.
    package func stop() {
        shared.end()
        shared.ended.wait()
        shared.ended.signal()
        drain?.stop()
        shared.spool?.stop()
    }

    private static func blocking(_ offer: (@escaping @Sendable ([AppendResult]) -> Void) -> Void) -> [AppendResult] {
        let answered = DispatchSemaphore(value: 0)
        let box = Mutex<[AppendResult]>([])
        offer { answer in
            box.withLock { $0 = answer }
            answered.signal()
        }
        answered.wait()
        return box.withLock { $0 }
    }

    private static let mostPerTicket = 8_192
}

/// What callers and thread share.
private final class Shared: Sendable {
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
        if let spool { queue.isRerouting = spool.isDrainHeld && !spool.isEmpty }
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
                let waiting = AppendQueue.Waiting(
                    bytes: event.bytes, ticket: ticket, index: index, isDrained: isDrained, maySpool: maySpool,
                    key: event.key)
                if state.isEnding {
                    refused.append((index, .stopped))
                } else if event.bytes.count > EventFraming.mostEventBytes, isRoom {
                    refused.append((index, .tooLarge(bytes: event.bytes.count)))
                } else if isRoom {
                    state.queue.add(waiting, to: event.lane)
                } else if isDrained || !state.queue.overflow(waiting, to: event.lane) {
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

    /// While anything is spooled everything goes behind it, until `reroute`.
    func holdForRoute() {
        guard let spool else { return }
        state.withLock { $0.queue.isRerouting = !spool.isEmpty }
    }

    /// Gives spooled events other lanes, and the gate their counts, as one step: nothing is diverted meanwhile.
    func reroute(_ spool: Spool, _ route: @escaping LaneRoute) throws {
        try spool.betweenWrites { [self] in
            try state.withLock { $0.queue.setBehind(try spool.relabel(route)) }
        }
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
            lookAtParked(&nextLook)
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
        var identity: [ServerIdentity]?
        /// `RedisConnection.changes`, which rises when a cluster's connection finds another primary.
        var changes: UInt64 = 0
    }

    /// On a new connection, a new primary of a cluster and while idle: has the last seconds offered again if a server is
    /// another one.
    private func recognise(_ store: LaneStore, isNew: Bool, _ known: inout Recognised) throws(LaneError) {
        let changes = store.connection.changes
        guard isNew || changes != known.changes || state.withLock({ !$0.queue.hasWork }) else { return }
        let current = try store.identity()
        // A primary that is away comes back, or another in its place: then this comes here again.
        if current == nil, !isNew { return }
        state.withLock { state in
            if current == nil || current != known.identity {
                state.queue.offerTailAgain()
            } else if !isNew {
                state.queue.tail.leaveOld(at: .now)
            }
        }
        known = Recognised(identity: current, changes: store.connection.changes)
    }

    /// On a cluster: has lanes whose primary was away asked again, and answers for what has waited too long.
    private func lookAtParked(_ nextLook: inout ContinuousClock.Instant) {
        guard ContinuousClock.now >= nextLook else { return }
        nextLook = .now.advanced(by: .milliseconds(250))
        state.withLock { state in
            guard state.queue.isPerLane, !state.queue.parked.isEmpty else { return }
            state.queue.unpark()
            state.queue.expire(at: .now, reason: "the primary of its lane cannot be reached")
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
                return (state.isEnding, state.queue.hasWork, !state.queue.tail.isEmpty || !state.queue.parked.isEmpty)
            }
            if isEnding { return false }
            if hasWork { return true }
            guard keeps else {
                bell.wait()
                continue
            }
            if bell.wait(timeout: .now() + Self.lookInterval) == .timedOut {
                state.withLock { state in
                    state.isAsleep = false
                    state.queue.unpark()
                }
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
