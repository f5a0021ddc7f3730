package import Contracts
package import Instants

extension Event {
    /// Stamps `received_at` unless an earlier process of ours did, and holds `happened_at` to it.
    package mutating func stamp(received now: Instant) {
        if receivedAt == 0 { receivedAt = now.milliseconds }
        if happenedAt > receivedAt {
            let ahead = Instant(milliseconds: happenedAt) - Instant(milliseconds: receivedAt)
            clockFlagged = clockFlagged || ahead > MetaNormaliser.clockTolerance
            happenedAt = receivedAt
        }
    }
}
