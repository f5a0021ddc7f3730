/// Instants as text: RFC 3339, as every command and the JSON edge read and write them.
extension Instant: CustomStringConvertible {
    /// What is wrong with a text that should be an instant.
    package struct FormatError: Error, Equatable, CustomStringConvertible {
        package let text: String

        package var description: String {
            "expected an instant such as 2026-11-22T18:00:00Z or 2026-11-22T19:00:00.250+01:00, got \"\(text.prefix(60))\""
        }
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`; a fraction beyond milliseconds is cut, second 60 is read as 59.
    ///
    /// - Throws: `FormatError` for anything else, dates that do not exist included.
    package init(rfc3339 text: String) throws(FormatError) {
        guard let instant = Self.parse(Array(text.utf8)) else { throw FormatError(text: text) }
        self = instant
    }

    /// `2026-11-22T18:00:00.000Z`: UTC, always with milliseconds. Outside the years 0 to 9999 clamped to them.
    package var description: String {
        rfc3339(offsetSeconds: 0)
    }

    /// The same instant written with a zone's offset: `2026-11-22T19:00:00.000+01:00`; `Z` for offset 0.
    ///
    /// RFC 3339 knows offsets in whole minutes only. Those of local mean time, before about 1920, have seconds too: they
    /// are left away from the offset and from the time, so that the text still names the same instant.
    package func rfc3339(offsetSeconds exactOffset: Int) -> String {
        let offsetSeconds = exactOffset / 60 * 60
        let lowest: Int64 = -62_167_219_200_000
        let highest: Int64 = 253_402_300_799_999
        let local = Swift.min(
            Swift.max(milliseconds.addingSaturated(Int64(offsetSeconds).multipliedSaturated(by: 1_000)), lowest),
            highest)
        var days = local / 86_400_000
        var ofDay = local % 86_400_000
        if ofDay < 0 {
            days -= 1
            ofDay += 86_400_000
        }
        let date = CivilDate(daysSince1970: Int(days))
        let time = Int(ofDay)
        var text = Self.digits(date.year, 4)
        text += "-" + Self.digits(date.month, 2) + "-" + Self.digits(date.day, 2)
        text += "T" + Self.digits(time / 3_600_000, 2) + ":" + Self.digits(time / 60_000 % 60, 2)
        text += ":" + Self.digits(time / 1_000 % 60, 2) + "." + Self.digits(time % 1_000, 3)
        guard offsetSeconds != 0 else { return text + "Z" }
        let magnitude = abs(offsetSeconds)
        text += offsetSeconds < 0 ? "-" : "+"
        return text + Self.digits(magnitude / 3_600, 2) + ":" + Self.digits(magnitude / 60 % 60, 2)
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
    }

    private static func parse(_ bytes: [UInt8]) -> Instant? {
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            hour <= 23, minute <= 59, second <= 60, let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var position = 19
        var fraction = 0
        if bytes[position] == UInt8(ascii: ".") {
            let start = position + 1
            var end = start
            while end < bytes.count, isDigit(bytes[end]) { end += 1 }
            guard end > start, end - start <= 9 else { return nil }
            for offset in 0..<3 {
                fraction = fraction * 10 + (start + offset < end ? Int(bytes[start + offset]) - 48 : 0)
            }
            position = end
        }
        guard let offset = offsetSeconds(bytes[position...]) else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + Swift.min(second, 59) - offset
        return Instant(milliseconds: Int64(seconds) * 1_000 + Int64(fraction))
    }

    private static func offsetSeconds(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard let sign = bytes.first else { return nil }
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return bytes.count == 1 ? 0 : nil }
        let start = bytes.startIndex
        guard bytes.count == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            bytes[start + 3] == UInt8(ascii: ":"), let hours = number(bytes[start + 1..<start + 3]),
            let minutes = number(bytes[start + 4..<start + 6]), hours <= 23, minutes <= 59
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            value = value * 10 + Int(byte) - 48
        }
        return value
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte)
    }
}

extension Int64 {
    package func multipliedSaturated(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
