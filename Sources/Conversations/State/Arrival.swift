import Contracts
import Instants

/// The instants of one event, settled once for a decision (DOMAIN 5.3).
struct Arrival {
    /// The entry's instant on the lane clock.
    let at: Instant
    /// When the first of our processes held it.
    let received: Instant
    /// When the customer did it, never later than `received` or `now`: windows, limits and order count from here.
    let happened: Instant
    /// More than ten minutes lay between the two: no after-hours text, no promise.
    let isLate: Bool
    /// An instant lay more than 2 s ahead and was clamped.
    let isFlagged: Bool

    static let lateAfter = Duration.seconds(600)
    static let tolerance = Duration.seconds(2)

    init(_ event: Event, at: Instant, now: Instant) {
        self.at = at
        let received = event.receivedAt > 0 ? Instant(milliseconds: event.receivedAt) : at
        let told = event.happenedAt > 0 ? Instant(milliseconds: event.happenedAt) : received
        self.received = received
        happened = min(told, received, now)
        isLate = received - told >= Self.lateAfter
        isFlagged = event.clockFlagged || told - received > Self.tolerance || received - now > Self.tolerance
    }
}
