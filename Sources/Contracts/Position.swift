/// Where an entry stands in a lane's log: Redis' stream id. Its milliseconds are the entry's instant on the lane clock.
package struct EntryID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let milliseconds: UInt64
    package let sequence: UInt64

    package init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    package static let start = EntryID(milliseconds: 0, sequence: 0)

    /// Reads `<ms>-<sequence>`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !text.utf8.contains(UInt8(ascii: "+")), let milliseconds = UInt64(parts[0]),
            let sequence = UInt64(parts[1])
        else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    package var description: String { "\(milliseconds)-\(sequence)" }

    package static func < (left: EntryID, right: EntryID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

/// Where an event stands within its lane: entry and index in the entry.
package struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let entry: EntryID
    package let index: Int

    package init(entry: EntryID, index: Int) {
        self.entry = entry
        self.index = index
    }

    package var description: String { "\(entry)/\(index)" }

    package static func < (left: Position, right: Position) -> Bool {
        (left.entry, left.index) < (right.entry, right.index)
    }
}
