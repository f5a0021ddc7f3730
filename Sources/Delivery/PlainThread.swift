internal import Foundation
internal import Glibc
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
            Self.showName(name)
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

    /// Foundation keeps a thread's name to itself; the system's tools read the kernel's, which cuts it to 15 bytes.
    private static func showName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }
}
