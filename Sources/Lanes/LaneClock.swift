package import Contracts
package import Instants

/// The lane clock as a function of Redis saw it: `TIME + offset`, never going back.
package struct LaneClock: Sendable, Hashable {
    /// The lane's `now`.
    package let now: Instant
    /// Zero, except in a virtual namespace.
    package let offset: Duration

    package init(now: Instant, offset: Duration) {
        self.now = now
        self.offset = offset
    }
}

extension Position {
    /// Where a lane goes on once `entry` is decided as a whole: the smallest position that can follow it.
    ///
    /// A cursor is always the position of the first undecided event. It need not name an entry that exists.
    package static func following(_ entry: EntryID) -> Position {
        let (sequence, overflow) = entry.sequence.addingReportingOverflow(1)
        guard overflow else {
            return Position(entry: EntryID(milliseconds: entry.milliseconds, sequence: sequence), index: 0)
        }
        return Position(entry: EntryID(milliseconds: entry.milliseconds &+ 1, sequence: 0), index: 0)
    }

    /// The cursor of a lane that has decided nothing.
    package static let start = Position(entry: .start, index: 0)
}

extension EntryID {
    /// The greatest id before this one.
    package var previous: EntryID {
        if sequence > 0 { return EntryID(milliseconds: milliseconds, sequence: sequence - 1) }
        return milliseconds > 0 ? EntryID(milliseconds: milliseconds - 1, sequence: .max) : .start
    }
}
