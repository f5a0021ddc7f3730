package import Contracts

/// Who a process is to the others: a name that people read, and the incarnation that makes it one of its kind.
///
/// The incarnation is drawn at random when the process starts. So two processes that were given one name by mistake, or
/// a process and the one that it replaces, are two members: neither can renew, own or release what is the other's.
/// As text, in keys and in a lane's `owner`: `<name>#<16 hex digits>`.
package struct MemberID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// - Parameter name: `[A-Za-z0-9._-]{1,64}`.
    package init(name: String, incarnation: UInt64) throws(NameError) {
        guard Self.isName(name[...]) else {
            throw NameError(expected: "a member name [A-Za-z0-9._-]{1,64}", came: name)
        }
        let digits = String(incarnation, radix: 16)
        text = "\(name)#\(String(repeating: "0", count: 16 - digits.utf8.count))\(digits)"
    }

    /// Reads the text form.
    package init(_ text: String) throws(NameError) {
        // By bytes: a coordinator reads one for each lane, over and over.
        let bytes = text.utf8
        guard let hash = bytes.index(bytes.endIndex, offsetBy: -17, limitedBy: bytes.startIndex),
            bytes[hash] == UInt8(ascii: "#"), Self.isName(text[..<hash]),
            bytes[hash...].dropFirst().allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { throw NameError(expected: "a member such as worker-1#0123456789abcdef", came: text) }
        self.text = text
    }

    /// What people read; not unique.
    package var name: String { String(text.prefix { $0 != "#" }) }

    package var description: String { text }

    package static func < (left: MemberID, right: MemberID) -> Bool { left.text < right.text }

    private static func isName(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || [45, 46, 95].contains($0)
            }
    }
}
