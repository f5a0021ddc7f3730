/// A name from outside that breaks its rule: what was expected, what came.
package struct NameError: Error, Equatable, CustomStringConvertible {
    package let expected: String
    package let came: String

    package init(expected: String, came: String) {
        self.expected = expected
        self.came = came
    }

    package var description: String { "expected \(expected), got \"\(came.prefix(80))\"" }
}

/// A partition: a market and an IANA zone, such as `de-berlin`. `[a-z0-9-]{1,40}`, not starting with `desk-`.
package struct PartitionName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) throws(NameError) {
        guard LaneName.isPlain(text), !text.hasPrefix("desk-") else {
            throw NameError(expected: "a partition name [a-z0-9-]{1,40} not starting with desk-", came: text)
        }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: PartitionName, right: PartitionName) -> Bool { left.text < right.text }

    /// The lane with number `index` of this partition.
    package func lane(_ index: Int) -> LaneName { LaneName(unchecked: "\(text).\(index)") }

    /// The lane of a direct message: XXH64(account, contact) mod lane count.
    package func lane(account: String, contact: String, of count: Int) -> LaneName {
        lane(Int(StableHash.hash(account, contact) % UInt64(max(1, count))))
    }

    /// The lane of a comment: XXH64(account, original post) mod lane count.
    package func lane(account: String, originalPost: String, of count: Int) -> LaneName {
        lane(Int(StableHash.hash(account, originalPost) % UInt64(max(1, count))))
    }
}

/// One ordered log: `<partition>.<n>`, or `desk-<team>.0`.
package struct LaneName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) throws(NameError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isPlain(String(parts[0])), let index = Int(parts[1]), index >= 0,
            index < 100_000, String(index) == parts[1]
        else { throw NameError(expected: "a lane name such as de-berlin.0 or desk-team.0", came: text) }
        self.text = text
    }

    init(unchecked text: String) { self.text = text }

    package var description: String { text }

    /// What stands before the last point: the partition, or `desk-<team>`.
    package var partition: String { String(text[..<(text.lastIndex(of: ".") ?? text.endIndex)]) }

    package var isDesk: Bool { text.hasPrefix("desk-") }

    package static func < (left: LaneName, right: LaneName) -> Bool { left.text < right.text }

    /// The lane of a team's desk.
    package static func desk(team: String) throws(NameError) -> LaneName { try LaneName("desk-\(team).0") }

    static func isPlain(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}
