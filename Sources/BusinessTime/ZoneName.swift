/// The IANA name of a zone, such as `Europe/Berlin`, safe to use as a path below a zoneinfo folder.
///
/// It says nothing about whether such a zone exists: whoever reads the zoneinfo folder finds that out.
package struct ZoneName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    /// What is wrong with a text that should name a zone.
    package struct FormatError: Error, Equatable, CustomStringConvertible {
        package let text: String

        package var description: String {
            "expected an IANA zone name such as Europe/Berlin, got \"\(text.prefix(60))\""
        }
    }

    /// Letters, digits, `_`, `+` and `-` in parts joined by `/`, 64 bytes at most. So no `..`, no leading slash.
    package init(_ text: String) throws(FormatError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isAllowed) }) else {
            throw FormatError(text: text)
        }
        self.text = text
    }

    private init(unchecked text: String) {
        self.text = text
    }

    package static let utc = ZoneName(unchecked: "UTC")

    package var description: String { text }

    package static func < (left: ZoneName, right: ZoneName) -> Bool {
        left.text < right.text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
