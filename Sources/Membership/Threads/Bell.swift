internal import Glibc

/// What a control thread waits on: rung from anywhere, heard once.
///
/// A ring while nobody waits is kept, so none is lost; several are heard as one. Waiting runs by the monotonic clock.
package final class Bell: @unchecked Sendable {
    // Guard: `rung` is read and written with `mutex` locked; the pointers never change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var rung = false

    package init() {
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

    package func ring() {
        pthread_mutex_lock(mutex)
        rung = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits for a ring, at most until `deadline`; whether it rang.
    @discardableResult
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let left = ContinuousClock.now.duration(to: deadline)
        if !rung, left > .zero {
            var end = Self.timespec(after: min(left, .seconds(86_400)))
            while !rung { if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { break } }
        }
        defer { rung = false }
        return rung
    }

    private static func timespec(after duration: Duration) -> timespec {
        var now = Glibc.timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = duration.components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        return Glibc.timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}
