internal import Contracts
internal import DequeModule

/// Echoes of our messages that came, by their actions. Pure.
///
/// Problem: an echo proves that the platform has a message, and comes once; the action that it ends is known to Redis alone, and a
/// Redis that loses its tail has it open again. Choice: an echo of an action that waits or is under way is kept until the
/// action is settled, and `lasts` longer, so that one that is open again, or decided again, is not said twice. Rejected: all that
/// was ever echoed, which has no bound. How it fails: of more than `mostAged` in that time the oldest are forgotten; so is everything
/// with the process.
struct HeardEchoes {
    /// Of actions that are not settled; an echo beyond that costs at most what a late one does.
    static let most = 4_096
    /// Of those that are.
    static let mostAged = 16_384
    /// A replica stands in within seconds; somebody who has to start one takes minutes.
    static let lasts = Duration.seconds(900)

    private var waiting: Set<ActionID> = []
    private var aged: Set<ActionID> = []
    /// Of `aged`, the oldest first.
    private var order: Deque<(id: ActionID, at: ContinuousClock.Instant)> = []

    var count: Int { waiting.count + aged.count }

    func contains(_ id: ActionID) -> Bool { waiting.contains(id) || aged.contains(id) }

    /// The echo of an action came that is not settled, or of which nobody knows yet.
    mutating func insert(_ id: ActionID) {
        if waiting.count < Self.most { waiting.insert(id) }
    }

    /// Nothing waits for it any more: from now on it ages. O(1) on average.
    mutating func age(_ id: ActionID, now: ContinuousClock.Instant) {
        while let first = order.first, now - first.at >= Self.lasts || order.count >= Self.mostAged {
            order.removeFirst()
            aged.remove(first.id)
        }
        guard waiting.remove(id) != nil, aged.insert(id).inserted else { return }
        order.append((id, now))
    }

    /// The same of all that are not among these.
    mutating func ageAll(but isAwaited: (ActionID) -> Bool, now: ContinuousClock.Instant) {
        for id in waiting where !isAwaited(id) { age(id, now: now) }
    }
}
