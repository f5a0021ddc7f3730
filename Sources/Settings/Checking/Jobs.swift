internal import Glibc
internal import Synchronization

/// Independent work spread over a few threads that end before it returns.
///
/// Choice: plain threads, joined, since whoever reads a configuration waits for it synchronously and may itself be a thread
/// that nobody else's work runs on. Rejected: a task group, which would make every reader asynchronous and hold threads of
/// the cooperative pool for as long.
enum Jobs {
    /// Threads that a command may use which does nothing else meanwhile.
    static var threads: Int { max(1, min(4, sysconf(CInt(_SC_NPROCESSORS_ONLN)))) }

    /// The results in the order of the items. Each item is taken by the next thread that is free, the calling one included;
    /// where the system allows no further thread, that one does all of it.
    static func map<Item: Sendable, Result: Sendable>(
        _ items: [Item], threads: Int, _ body: @escaping @Sendable (Item) -> Result
    ) -> [Result] {
        guard threads > 1, items.count > 1 else { return items.map(body) }
        let shared = Shared(items: items, body: body)
        let helpers = (1..<min(threads, items.count)).compactMap { _ in JoinedThread { shared.work() } }
        shared.work()
        for helper in helpers { helper.join() }
        return shared.results
    }

    private final class Shared<Item: Sendable, Result: Sendable>: Sendable {
        private let items: [Item]
        private let body: @Sendable (Item) -> Result
        private let state: Mutex<State>

        private struct State {
            var next = 0
            var results: [Result?]
        }

        init(items: [Item], body: @escaping @Sendable (Item) -> Result) {
            self.items = items
            self.body = body
            state = Mutex(State(results: [Result?](repeating: nil, count: items.count)))
        }

        /// All of them once every thread has ended.
        var results: [Result] { state.withLock { $0.results.compactMap { $0 } } }

        func work() {
            while let index = take() {
                let result = body(items[index])
                state.withLock { $0.results[index] = result }
            }
        }

        private func take() -> Int? {
            state.withLock { state in
                guard state.next < items.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }
    }
}

/// A thread of the operating system's that is waited for.
private struct JoinedThread {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Nil if the system allows no further thread.
    init?(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            return nil
        }
        handle = thread
    }

    func join() { pthread_join(handle, nil) }
}
