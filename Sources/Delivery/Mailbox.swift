internal import Glibc

/// What plain threads wait on: a value that others change and one thread takes away whole.
///
/// Problem: a runner or courier waits for several things at once (lanes woken, orders, answers, a due instant) and must
/// lose none. Choice: one value behind one mutex and one condition; posts merge into the value (a lane woken twice is
/// woken once), so the box is bounded by what the value is bounded by. Waiting is on the monotonic clock, so a step of
/// the wall clock wakes nobody late. Rejected: a queue of messages, which grows while its reader is stuck. It fails
/// only as its reader does: what was posted to a thread that ended stays in the box.
package final class Mailbox<Content: Sendable>: @unchecked Sendable {
    // Guard of everything below: `mutex`.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let empty: Content
    private var content: Content
    private var hasPost = false

    package init(empty: Content) {
        self.empty = empty
        content = empty
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Merges something into the content and wakes the reader. Never blocks longer than `merge` does.
    package func post(_ merge: (inout Content) -> Void) {
        pthread_mutex_lock(mutex)
        merge(&content)
        let wasEmpty = !hasPost
        hasPost = true
        pthread_mutex_unlock(mutex)
        if wasEmpty { pthread_cond_signal(condition) }
    }

    /// Takes everything that was posted, waiting for it at most `longest`; nil if nothing came.
    ///
    /// A `longest` of zero or less only looks.
    package func take(waiting longest: Duration) -> Content? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !hasPost, longest > .zero {
            var until = Self.deadline(after: min(longest, .seconds(86_400)))
            while !hasPost {
                if pthread_cond_timedwait(condition, mutex, &until) == ETIMEDOUT { break }
            }
        }
        guard hasPost else { return nil }
        hasPost = false
        let taken = content
        content = empty
        return taken
    }

    private static func deadline(after longest: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = longest.components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        return timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000
        )
    }
}
