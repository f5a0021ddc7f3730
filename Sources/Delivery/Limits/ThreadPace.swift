internal import Instants

/// How soon texts to one thread may follow each other (DOMAIN 4.9: about one a second). Pure.
///
/// Texts of a thread go one after the other in any case, by one courier at a time, so each courier keeps its own: after a
/// lane changed hands one text may follow too soon, which costs a refused try.
struct ThreadPace {
    /// When a thread is free again, by its order key.
    private var free: [String: Instant] = [:]
    /// Past threads are forgotten when there are so many.
    private var roomFor = 4_096

    var kept: Int { free.count }

    /// The instant from which a thread takes another text; nil: now.
    func wait(for thread: String, now: Instant) -> Instant? {
        free[thread].flatMap { $0 > now ? $0 : nil }
    }

    /// A text to the thread begins. O(1) on average.
    mutating func began(_ thread: String, spacing: Duration, now: Instant) {
        free[thread] = now + spacing
        guard free.count > roomFor else { return }
        free = free.filter { $0.value > now }
        roomFor = max(4_096, 2 * free.count)
    }
}
