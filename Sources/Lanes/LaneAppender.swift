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
    private let shared: AppenderLoop
    private let drain: SpoolDrain?

    package convenience init(connector: LaneConnector, limits: AppenderLimits = AppenderLimits()) {
        self.init(connector: connector, limits: limits, spool: nil)
    }

    /// With a spool, what a lane cannot take is held there and comes back in order. The appender then owns the spool.
    init(connector: LaneConnector, limits: AppenderLimits, spool: Spool?) {
        let shared = AppenderLoop(connector: connector, limits: limits, spool: spool)
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
            reroute: { routes, isOver in try shared.reroute(spool, routes, isOver: isOver) })
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

    /// Has what waits and what is spooled find its lanes anew, before anything more of it is drained.
    ///
    /// From now on new events go behind what is spooled, until that has its lanes; nothing happens if no key has another.
    func reroute(_ routes: LaneRoutes) {
        if shared.use(routes) { drain?.reroute(routes) }
    }

    var isRerouting: Bool { shared.isRerouting }

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
