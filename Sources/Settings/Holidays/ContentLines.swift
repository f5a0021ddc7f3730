/// The content lines of an iCalendar file (RFC 5545, 3.1): unfolded, with the number of their first physical line.
///
/// One pass over the bytes; nothing is kept but the line at hand. CRLF and LF both end a line, a line that starts with a
/// space or a tab goes on with the one before, a byte order mark at the start is passed over. A line longer than
/// `mostBytes` is cut there and marked.
struct ContentLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position: Int
    private var number = 0

    /// Bytes of one unfolded line that are kept; descriptions may be longer, and are not read.
    static let mostBytes = 4_096

    struct Line {
        /// From 1.
        let number: Int
        let bytes: [UInt8]
        let isCut: Bool
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() -> Line? {
        guard position < bytes.count else { return nil }
        number += 1
        let first = number
        var kept: [UInt8] = []
        var isCut = takePhysicalLine(&kept)
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
            position += 1
            number += 1
            isCut = takePhysicalLine(&kept) || isCut
        }
        return Line(number: first, bytes: kept, isCut: isCut)
    }

    /// Adds the rest of a physical line, without its end; true if something had to be left out.
    private mutating func takePhysicalLine(_ kept: inout [UInt8]) -> Bool {
        let start = position
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        var end = position
        if position < bytes.count { position += 1 }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        let room = Swift.max(Self.mostBytes - kept.count, 0)
        kept += bytes[start..<Swift.min(end, start + room)]
        return end - start > room
    }
}

/// One property of an iCalendar component: `NAME;PARAMETER=value:value`.
struct ContentProperty: Sendable {
    let line: Int
    /// Upper case.
    let name: String
    /// Upper-case names; the first value of each, without quotes.
    let parameters: [String: String]
    let value: String
    let isCut: Bool

    /// Nil if the line has no name or no colon outside quotes.
    init?(_ line: ContentLines.Line) {
        let bytes = line.bytes
        guard let nameEnd = bytes.firstIndex(where: { $0 == 0x3A || $0 == 0x3B }), nameEnd > 0,
            bytes[..<nameEnd].allSatisfy(Self.isNameByte)
        else { return nil }
        var position = nameEnd
        var parameters: [String: String] = [:]
        while position < bytes.count, bytes[position] == 0x3B {
            guard let end = Self.endOfParameter(bytes, from: position + 1) else { return nil }
            let parts = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
                .split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            parameters[parts[0].uppercased()] = String(parts[1].filter { $0 != "\"" })
            position = end
        }
        guard position < bytes.count, bytes[position] == 0x3A else { return nil }
        self.line = line.number
        name = String(decoding: bytes[..<nameEnd], as: UTF8.self).uppercased()
        self.parameters = parameters
        value = String(decoding: bytes[(position + 1)...], as: UTF8.self)
        isCut = line.isCut
    }

    /// Text with RFC 5545's escapes undone, control and invisible characters made spaces, at most 80 characters.
    var text: String {
        var text = ""
        var isEscaped = false
        for character in value.unicodeScalars.prefix(400) {
            if isEscaped {
                text.unicodeScalars.append(character == "n" || character == "N" ? " " : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                switch character.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: text.unicodeScalars.append(" ")
                default: text.unicodeScalars.append(character)
                }
            }
        }
        return String(text.split(separator: " ").joined(separator: " ").prefix(80))
    }

    /// The `;` or `:` that ends a parameter, those within quotes passed over.
    private static func endOfParameter(_ bytes: [UInt8], from start: Int) -> Int? {
        var isQuoted = false
        for index in start..<bytes.count {
            if bytes[index] == 0x22 { isQuoted.toggle() }
            if !isQuoted, bytes[index] == 0x3A || bytes[index] == 0x3B { return index }
        }
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }
}
