import Glibc
package import Instants
internal import Synchronization

// Which of several clocks is wrong.
//
// Problem: promises are kept by Redis's clock. A server whose clock leaps a day ahead would have a day's promises fire at
// once, and none of that can be taken back. Nobody knows the right time; but few clocks are wrong at the same time.
// Choice: a server's clock is held against the median of this process's own and of all primaries'. Where two clocks stand
// in the middle the one nearer to ours counts, so that with a single Redis it is ours against its. Ours is the system's
// clock, or the one of the start carried on by the monotonic clock, whichever is nearer to the server's: one that is set
// while the process runs is no reason to doubt a server. Rejected: to trust the system's clock alone. On a cluster one
// machine with a wrong clock would hold back what all others agree on.
// How it fails: with a single Redis a process whose own clock is wrong by more than a minute holds its timers back and
// says that it is not ready; events are decided all the same. Most primaries wrong at once, by the same: believed.

/// What a process knows of the clocks of its servers. Thread-safe.
package final class ServerClocks: Sendable {
    /// Beyond this a clock is reported.
    package static let reportedFrom: Duration = .seconds(2)
    /// Beyond this no timer fires by it.
    package static let heldFrom: Duration = .seconds(60)

    private struct Reading {
        let time: Instant
        let read: ContinuousClock.Instant
    }

    private let own: @Sendable () -> Instant
    private let start: Reading
    /// By the server's name.
    private let servers = Mutex<[String: Reading]>([:])

    /// - Parameter own: this machine's clock.
    package init(own: @escaping @Sendable () -> Instant = ServerClocks.system) {
        self.own = own
        start = Reading(time: own(), read: .now)
    }

    /// The system's clock.
    package static let system: @Sendable () -> Instant = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(seconds: Int64(now.tv_sec)) + .nanoseconds(now.tv_nsec)
    }

    /// Takes in what servers said their time was; those that are not named are forgotten.
    package func note(_ times: [(name: String, time: Instant, read: ContinuousClock.Instant)]) {
        let readings = times.map { ($0.name, Reading(time: $0.time, read: $0.read)) }
        servers.withLock { $0 = Dictionary(readings) { $1 } }
    }

    /// How far a server's clock is ahead of this process's, negative if behind.
    package func lead(of time: Instant, at now: ContinuousClock.Instant = .now) -> Duration {
        time - Self.nearest(to: time, own(), carried(start, now))
    }

    /// Whether a server's clock is so far from the median of all that nothing may fire by it, in either direction.
    package func isOff(_ time: Instant, at now: ContinuousClock.Instant = .now) -> Bool {
        let ours = Self.nearest(to: time, own(), carried(start, now))
        // The usual case, without a lock.
        if Self.isNear(time, ours) { return false }
        let others = servers.withLock { servers in servers.values.map { carried($0, now) } }
        return !Self.isNear(time, Self.median(ours, others))
    }

    private func carried(_ reading: Reading, _ now: ContinuousClock.Instant) -> Instant {
        reading.time + (now - reading.read)
    }

    static func median(_ ours: Instant, _ others: [Instant]) -> Instant {
        let all = (others + [ours]).sorted()
        let (low, high) = (all[(all.count - 1) / 2], all[all.count / 2])
        return nearest(to: ours, low, high)
    }

    private static func nearest(to time: Instant, _ left: Instant, _ right: Instant) -> Instant {
        distance(left, time) <= distance(right, time) ? left : right
    }

    private static func isNear(_ left: Instant, _ right: Instant) -> Bool { distance(left, right) <= heldFrom }

    private static func distance(_ left: Instant, _ right: Instant) -> Duration {
        left < right ? right - left : left - right
    }
}
