internal import Instants

/// How soon texts to one thread may follow each other (DOMAIN 4.9: about one a second). Pure.
///
/// Texts of a thread go one after the other in any case, by one courier at a time, so each courier keeps its own: after a
/// lane changed hands one text may follow too soon, which costs a refused try. So it may after a failover to a Redis whose clock
/// is behind: a text that began later than now says nothing, or threads would be held up for as long as the clocks differ.
struct ThreadPace {
    private struct Text {
        let began: Instant
        let free: Instant

        func holds(at now: Instant) -> Bool { began <= now && now < free }
    }

    /// The last text of a thread, by its order key.
    private var last: [String: Text] = [:]
    /// Past threads are forgotten when there are so many.
    private var roomFor = 4_096

    var kept: Int { last.count }

    /// The instant from which a thread takes another text; nil: now.
    func wait(for thread: String, now: Instant) -> Instant? {
        last[thread].flatMap { $0.holds(at: now) ? $0.free : nil }
    }

    /// A text to the thread begins. O(1) on average.
    mutating func began(_ thread: String, spacing: Duration, now: Instant) {
        last[thread] = Text(began: now, free: now + spacing)
        guard last.count > roomFor else { return }
        last = last.filter { $0.value.holds(at: now) }
        roomFor = max(4_096, 2 * last.count)
    }
}
