extension FooterRule {
    /// Reads a POSIX TZ string; nil if it is anything else.
    ///
    /// Stricter than POSIX in one place: daylight time without dates is refused (RFC 9636, 3.3), since what it means
    /// would be up to the reader.
    init?(_ text: [UInt8]) {
        var parser = FooterParser(text)
        guard let name = parser.name(), let west = parser.time(upToHours: 24) else { return nil }
        let standard = LocalType(offset: -west, isDaylight: false, abbreviation: name)
        guard LocalType.allowedOffsets.contains(standard.offset) else { return nil }
        self.standard = standard
        if parser.isAtEnd {
            self.daylight = nil
            return
        }
        guard let daylightName = parser.name() else { return nil }
        var offset = standard.offset + 3_600
        if !parser.isAt(UInt8(ascii: ",")) {
            guard let west = parser.time(upToHours: 24) else { return nil }
            offset = -west
        }
        guard LocalType.allowedOffsets.contains(offset), let start = parser.change(), let end = parser.change(),
            parser.isAtEnd
        else { return nil }
        self.daylight = Daylight(
            type: LocalType(offset: offset, isDaylight: true, abbreviation: daylightName), start: start, end: end)
    }
}

/// Takes the parts of a POSIX TZ string off its front; each answers nil, and is not asked again, where the text is wrong.
private struct FooterParser {
    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    var isAtEnd: Bool { position == text.count }

    func isAt(_ byte: UInt8) -> Bool {
        position < text.count && text[position] == byte
    }

    /// Three letters or more, or anything of letters, digits and signs in `<>`.
    mutating func name() -> String? {
        let isQuoted = skip(UInt8(ascii: "<"))
        let start = position
        while position < text.count, Self.isLetter(text[position]) || (isQuoted && Self.isDigitOrSign(text[position])) {
            position += 1
        }
        let name = text[start..<position]
        guard name.count >= 3, !isQuoted || skip(UInt8(ascii: ">")) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(upToHours largest: Int) -> Int? {
        let isNegative = isAt(UInt8(ascii: "-"))
        if isNegative || isAt(UInt8(ascii: "+")) { position += 1 }
        guard let hours = number(upTo: largest) else { return nil }
        var seconds = hours * 3_600
        if skip(UInt8(ascii: ":")) {
            guard let minutes = number(upTo: 59) else { return nil }
            seconds += minutes * 60
            if skip(UInt8(ascii: ":")) {
                guard let rest = number(upTo: 59) else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// `,date[/time]`; the time is 02:00 unless it is given.
    mutating func change() -> FooterRule.YearlyChange? {
        guard skip(UInt8(ascii: ",")), let date = date() else { return nil }
        guard skip(UInt8(ascii: "/")) else { return FooterRule.YearlyChange(date: date, time: 7_200) }
        return time(upToHours: 167).map { FooterRule.YearlyChange(date: date, time: $0) }
    }

    private mutating func date() -> FooterRule.YearlyDate? {
        if skip(UInt8(ascii: "J")) {
            guard let day = number(upTo: 365), day >= 1 else { return nil }
            return .dayWithoutLeapDay(day)
        }
        guard skip(UInt8(ascii: "M")) else { return number(upTo: 365).map { .zeroBasedDay($0) } }
        guard let month = number(upTo: 12), month >= 1, skip(UInt8(ascii: ".")),
            let week = number(upTo: 5), week >= 1, skip(UInt8(ascii: ".")), let day = number(upTo: 6)
        else { return nil }
        return .weekday(month: month, week: week, day: day)
    }

    private mutating func number(upTo largest: Int) -> Int? {
        let start = position
        var value = 0
        while position < text.count, Self.isDigit(text[position]), position - start < 3 {
            value = value * 10 + Int(text[position]) - 48
            position += 1
        }
        return position > start && value <= largest ? value : nil
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard isAt(byte) else { return false }
        position += 1
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte)
    }

    private static func isDigitOrSign(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }
}
