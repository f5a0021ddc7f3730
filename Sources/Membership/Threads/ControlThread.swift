internal import Glibc
internal import Synchronization

/// A plain thread for one synchronous loop: a member's, a leader's, a listener's.
///
/// They block on Redis, so they must not run on the cooperative pool. The thread ends when its body returns.
package final class ControlThread: Sendable {
    private let end = End()

    private final class End: Sendable {
        let came = Mutex(false)
        let bell = Bell()
    }

    package init(_ body: @escaping @Sendable () -> Void) {
        let start = Start { [end] in
            body()
            end.came.withLock { $0 = true }
            end.bell.ring()
        }
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(start).toOpaque())
        precondition(failure == 0, "expected a new thread, the system answered \(failure)")
        pthread_detach(thread)
    }

    /// Waits for the end of the body; whether it came in time. For one caller.
    package func hasEnded(by deadline: ContinuousClock.Instant) -> Bool {
        if end.came.withLock({ $0 }) { return true }
        end.bell.wait(until: deadline)
        return end.came.withLock { $0 }
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
