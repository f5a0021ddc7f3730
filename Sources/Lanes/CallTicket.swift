internal import Synchronization

/// One call's results, complete when none is missing.
final class CallTicket: AppendTicket {
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
