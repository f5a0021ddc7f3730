import Foundation
import Instants
import Lanes
import Synchronization

/// The lane clock as this process knows it: the machine's clock, which is Redis' too, and what was stepped.
final class LoadClock: Sendable {
    private let offset: Mutex<Duration>

    init(start: Instant) {
        offset = Mutex(start - Self.wall)
    }

    var now: Instant { Self.wall + offset.withLock { $0 } }

    var ahead: Duration { offset.withLock { $0 } }

    func stepped(_ duration: Duration) { offset.withLock { $0 += duration } }

    private static var wall: Instant {
        Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)))
    }
}

enum LoadPause {
    static func millisecond() { usleep(1_000) }
}
