import Foundation
import Instants
import Synchronization

/// The lane clock as this process knows it: the system's clock plus the namespace's offset, which is zero except where the
/// namespace was created virtual and stepped.
final class NamespaceClock: Sendable {
    private let offset: Mutex<Duration>

    init(offset: Duration = .zero) {
        self.offset = Mutex(offset)
    }

    var now: Instant {
        wall + offset.withLock { $0 }
    }

    /// The system's clock alone.
    var wall: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }

    func set(offset: Duration) {
        self.offset.withLock { $0 = offset }
    }
}
