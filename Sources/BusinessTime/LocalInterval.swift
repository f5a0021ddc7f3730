/// A half-open interval of a local clock that starts on some day: open at `start`, closed again at `end`.
///
/// Seconds since local midnight of the day on which it starts. An end beyond 86,400 lies on the next day. At most
/// 24 hours long, so it never reaches past the day after its own.
package struct LocalInterval: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 0 to 86,399.
    package let start: Int
    /// `start` + 1 to `start` + 86,400.
    package let end: Int

    package static let wholeDay = LocalInterval(unchecked: 0, 86_400)

    /// What is wrong with a text that should be an interval.
    package struct FormatError: Error, Equatable, CustomStringConvertible {
        package let text: String

        package var description: String {
            "expected hours such as \"09:00-17:00\", \"22:00-06:00\" (until the next day) or \"00:00-24:00\", "
                + "got \"\(text.prefix(40))\""
        }
    }

    /// Reads `HH:MM-HH:MM`: 00:00 to 23:59, the end also 24:00; an end at or before the start is on the next day.
    package init(_ text: String) throws(FormatError) {
        let bytes = Array(text.utf8)
        guard bytes.count == 11, bytes[5] == UInt8(ascii: "-"),
            let start = Self.secondOfDay(bytes[0..<5]), let end = Self.secondOfDay(bytes[6..<11]),
            start < 86_400
        else { throw FormatError(text: text) }
        self.init(unchecked: start, end > start ? end : end + 86_400)
    }

    /// The same from seconds since midnight; nil unless `start` is 0 to 86,399 and `end` 0 to 86,400.
    package init?(startSecond start: Int, endSecond end: Int) {
        guard (0..<86_400).contains(start), (0...86_400).contains(end) else { return nil }
        self.init(unchecked: start, end > start ? end : end + 86_400)
    }

    private init(unchecked start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// `22:00-06:00`, as `init(_:)` reads it; seconds, which no configuration can write, are cut.
    package var description: String {
        Self.clock(start) + "-" + (end == 86_400 ? "24:00" : Self.clock(end % 86_400))
    }

    package func overlaps(_ other: LocalInterval) -> Bool {
        start < other.end && other.start < end
    }

    package static func < (left: LocalInterval, right: LocalInterval) -> Bool {
        (left.start, left.end) < (right.start, right.end)
    }

    private static func secondOfDay(_ bytes: ArraySlice<UInt8>) -> Int? {
        let digits = bytes.map { Int($0) - 48 }
        guard digits.count == 5, bytes[bytes.startIndex + 2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (0...9).contains(digits[$0]) })
        else { return nil }
        let hour = digits[0] * 10 + digits[1]
        let minute = digits[3] * 10 + digits[4]
        guard minute <= 59, hour <= 23 || (hour == 24 && minute == 0) else { return nil }
        return hour * 3_600 + minute * 60
    }

    private static func clock(_ seconds: Int) -> String {
        let hour = seconds / 3_600
        let minute = seconds / 60 % 60
        return (hour < 10 ? "0\(hour)" : "\(hour)") + ":" + (minute < 10 ? "0\(minute)" : "\(minute)")
    }
}
