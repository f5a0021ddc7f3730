/// Why bytes are no zone rules, with the offset in the file where that showed.
package struct TZifError: Error, Equatable, CustomStringConvertible {
    package let reason: Reason
    /// Bytes from the start of the file.
    package let offset: Int

    package enum Reason: Sendable, Equatable {
        case tooLarge(bytes: Int)
        case notTZif
        case unknownVersion(UInt8)
        case cutOff(expectedBytes: Int)
        case count(field: String, value: Int)
        case transitionsNotAscending
        case typeIndex(Int)
        case utcOffset(Int)
        case daylightFlag(UInt8)
        case designation
        case leapSeconds
        case footer(String)
    }

    package var description: String {
        let what =
            switch reason {
            case .tooLarge(let bytes): "expected at most \(TZifFile.largestFile) bytes, got \(bytes)"
            case .notTZif: "expected the four bytes TZif"
            case .unknownVersion(let version): "expected version 1 (byte 0) or a digit from 2 on, got byte \(version)"
            case .cutOff(let expected): "expected \(expected) more bytes, got the end of the file"
            case .count(let field, let value): "expected another count of \(field), got \(value)"
            case .transitionsNotAscending: "expected a transition later than the one before"
            case .typeIndex(let index): "expected the number of a local time type, got \(index)"
            case .utcOffset(let seconds): "expected an offset from -89999 to 93599 seconds, got \(seconds)"
            case .daylightFlag(let flag): "expected a daylight saving flag of 0 or 1, got \(flag)"
            case .designation: "expected an abbreviation of printable ASCII that ends in a zero byte"
            case .leapSeconds: "expected leap seconds in ascending order"
            case .footer(let text): "expected a POSIX TZ rule between two line feeds, got \"\(text.prefix(60))\""
            }
        return "\(what), at byte \(offset) of the zone file"
    }
}
