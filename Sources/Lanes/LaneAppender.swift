internal import Contracts
internal import Dispatch
internal import Foundation
internal import Instants
internal import Synchronization

/// Group commit for producers, without a timer: one plain thread with its own connection; whatever arrives while one
/// append is in flight forms the next batches.
///
/// Events of one lane are appended in the order in which they were given, each once, however often a reply is lost
/// (`AppendQueue` says how). An answer comes at the latest one connect or reply deadline after the limits' patience.
package final class LaneAppender: Sendable {
    private let shared: Shared

    package init(connector: LaneConnector, limits: AppenderLimits = AppenderLimits()) {
        let shared = Shared(connector: connector, limits: limits)
        self.shared = shared
        let thread = Thread { shared.run() }
        thread.name = "appender"
        thread.start()
    }

    deinit { shared.end() }

    /// Offers events; one result each, in order.
    package func append(_ events: [LaneEvent]) async -> [AppendResult] {
        var results: [AppendResult] = []
        for start in stride(from: 0, to: events.count, by: Self.mostPerTicket) {
            let slice = events[start..<min(start + Self.mostPerTicket, events.count)]
            results += await withCheckedContinuation { continuation in
                shared.offer(slice) { continuation.resume(returning: $0) }
            }
        }
        return results
    }

    /// The same for a thread that may block.
    package func appendBlocking(_ events: [LaneEvent]) -> [AppendResult] {
        var results: [AppendResult] = []
        for start in stride(from: 0, to: events.count, by: Self.mostPerTicket) {
            let slice = events[start..<min(start + Self.mostPerTicket, events.count)]
            let answered = DispatchSemaphore(value: 0)
            let box = Mutex<[AppendResult]>([])
            shared.offer(slice) { answer in
                box.withLock { $0 = answer }
                answered.signal()
            }
            answered.wait()
            results += box.withLock { $0 }
        }
        return results
    }

    /// Ends the thread and returns when it has ended. What still waits is refused.
    package func stop() {
        shared.end()
        shared.ended.wait()
        shared.ended.signal()
    }

    private static let mostPerTicket = 8_192
}

/// One call's results, complete when none is missing.
private final class Ticket: AppendTicket {
    let deadline: ContinuousClock.Instant
    private let state: Mutex<State>
    private let finish: @Sendable ([AppendResult]) -> Void

    private struct State {
        var results: [AppendResult]
        var missing: Int
    }

    init(count: Int, deadline: ContinuousClock.Instant, finish: @escaping @Sendable ([AppendResult]) -> Void) {
        self.deadline = deadline
        self.finish = finish
        state = Mutex(State(results: Array(repeating: .refused(.stopped), count: count), missing: count))
    }

    func complete(_ index: Int, _ result: AppendResult) {
        let results: [AppendResult]? = state.withLock { state in
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.results : nil
        }
        if let results { finish(results) }
    }
}

/// What callers and thread share.
private final class Shared: Sendable {
    private struct State {
        var queue: AppendQueue
        var isAsleep = false
        var isEnding = false
    }

    let ended = DispatchSemaphore(value: 0)
    private let state: Mutex<State>
    private let bell = DispatchSemaphore(value: 0)
    private let connector: LaneConnector
    private let limits: AppenderLimits

    private static let firstBackOff: Duration = .milliseconds(50)
    private static let longestBackOff: Duration = .seconds(1)

    init(connector: LaneConnector, limits: AppenderLimits) {
        self.connector = connector
        self.limits = limits
        state = Mutex(State(queue: AppendQueue(bounds: limits.bounds, generator: SystemRandomNumberGenerator())))
    }

    func offer(_ events: ArraySlice<LaneEvent>, finish: @escaping @Sendable ([AppendResult]) -> Void) {
        let deadline = ContinuousClock.now.advanced(by: limits.patience)
        let ticket = Ticket(count: events.count, deadline: deadline, finish: finish)
        let bytes = events.reduce(0) { $0 + $1.bytes.count }
        let refusal: AppendRefusal? = state.withLock { state in
            guard !state.isEnding else { return .stopped }
            guard state.queue.events + events.count <= limits.mostQueued,
                state.queue.bytes + bytes <= limits.mostQueuedBytes
            else { return .busy }
            for (index, event) in events.enumerated() where event.bytes.count <= EventFraming.mostEventBytes {
                state.queue.add(.init(bytes: event.bytes, ticket: ticket, index: index), to: event.lane)
            }
            if state.isAsleep {
                state.isAsleep = false
                bell.signal()
            }
            return nil
        }
        for (index, event) in events.enumerated() {
            if let refusal {
                ticket.complete(index, .refused(refusal))
            } else if event.bytes.count > EventFraming.mostEventBytes {
                ticket.complete(index, .refused(.tooLarge(bytes: event.bytes.count)))
            }
        }
    }

    func end() {
        state.withLock { $0.isEnding = true }
        bell.signal()
    }

    /// The thread's body.
    func run() {
        var store: LaneStore?
        var backOff = Self.firstBackOff
        while waitForWork() {
            do {
                let open = try store ?? connector.open(clientName: "appender")
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

    /// Offers one round; a returned fault is the server's as a whole.
    private func round(_ store: LaneStore) throws(LaneError) -> LaneFault? {
        let batches = state.withLock { $0.queue.nextRound() }
        let replies = try store.append(batches)
        return state.withLock { $0.queue.answer(replies) }
    }

    /// Sleeps while there is nothing to offer; false once it is to end.
    private func waitForWork() -> Bool {
        while true {
            let (isEnding, hasWork) = state.withLock { state in
                state.isAsleep = !state.queue.hasWork
                return (state.isEnding, state.queue.hasWork)
            }
            if isEnding { return false }
            if hasWork { return true }
            bell.wait()
        }
    }

    /// After a failure: answers for what has waited too long, then waits a little before the next attempt.
    private func rest(_ backOff: inout Duration, _ reason: String) {
        state.withLock { $0.queue.expire(at: .now, reason: reason) }
        let milliseconds = Int(backOff.wholeMilliseconds)
        _ = bell.wait(timeout: .now() + .milliseconds(milliseconds))
        backOff = min(backOff * 2, Self.longestBackOff)
    }
}
