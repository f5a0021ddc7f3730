internal import Foundation
internal import Synchronization

/// A plain thread with a name and an end that can be waited for.
///
/// Runners and couriers make blocking calls to Redis; on the cooperative pool they would stall everything else.
package final class PlainThread: Sendable {
    private let end = Mailbox<Bool>(empty: false)
    private let isOver = Mutex(false)

    /// Starts the thread. `body` runs once; what it holds is released when it returns.
    ///
    /// - Parameter name: shown by the system's tools, which cut it to 15 bytes.
    package init(name: String, body: @escaping @Sendable () -> Void) {
        let thread = Thread { [end] in
            body()
            end.post { $0 = true }
        }
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Waits for the end of the body, at most `longest`; whether it has ended. For one waiter at a time.
    package func wait(atMost longest: Duration) -> Bool {
        if isOver.withLock({ $0 }) { return true }
        guard end.take(waiting: longest) == true else { return isOver.withLock { $0 } }
        isOver.withLock { $0 = true }
        return true
    }
}
