/// Texts and keys, each on one line.
extension PlainYAML {
    private static let mostKeyBytes = 128

    /// A key and its colon; the cursor then stands behind the colon.
    mutating func key(isFlow: Bool) throws(GivenUp) -> ConfigNode {
        let start = cursor.at
        let node: ConfigNode
        if isQuote {
            node = try quoted()
        } else {
            try expectStart()
            let place = cursor.place
            while cursor.byte != UInt8(ascii: ":") || !YAMLCursor.isBlank(cursor.next) {
                guard !endsPlain(isFlow), cursor.byte >= 0x20 else { throw GivenUp() }
                cursor.at += 1
            }
            guard cursor.bytes[cursor.at - 1] != 0x20 else { throw GivenUp() }
            node = scalar(start, cursor.at, place)
        }
        guard cursor.byte == UInt8(ascii: ":"), cursor.at - start <= Self.mostKeyBytes, node.text != "<<" else {
            throw GivenUp()
        }
        cursor.at += 1
        return node
    }

    /// What stands here is a key and not a value.
    var isKey: Bool {
        guard !"[{|".utf8.contains(cursor.byte) else { return false }
        var copy = self
        return (try? copy.key(isFlow: false)) != nil && copy.cursor.isBlank
    }

    /// A text without quotes; the cursor then stands behind its last letter.
    mutating func plain(isFlow: Bool) throws(GivenUp) -> ConfigNode {
        try expectStart()
        let place = cursor.place
        let start = cursor.at
        var end = start
        while cursor.byte >= 0x20, !endsPlain(isFlow) {
            if cursor.byte == UInt8(ascii: ":") {
                let next = cursor.next
                guard !YAMLCursor.isBlank(next), !isFlow || !",?[]{}".utf8.contains(next) else { throw GivenUp() }
            }
            if cursor.byte != 0x20 { end = cursor.at + 1 }
            cursor.at += 1
        }
        cursor.at = end
        return scalar(start, end, place)
    }

    /// A text in quotes with the commonest escapes.
    mutating func quoted() throws(GivenUp) -> ConfigNode {
        let place = cursor.place
        let quote = cursor.byte
        cursor.at += 1
        var text: [UInt8] = []
        var run = cursor.at
        while true {
            let byte = cursor.byte
            guard byte >= 0x20 else { throw GivenUp() }
            if byte == quote {
                text += cursor.bytes[run..<cursor.at]
                cursor.at += 1
                guard quote == UInt8(ascii: "'"), cursor.byte == quote else { break }
                run = cursor.at
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                text += cursor.bytes[run..<cursor.at]
                switch cursor.next {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(cursor.next)
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "u"): text += try escaped(digits: 4)
                case UInt8(ascii: "x"): text += try escaped(digits: 2)
                default: throw GivenUp()
                }
                cursor.at += 1
                run = cursor.at + 1
            }
            cursor.at += 1
        }
        return ConfigNode(
            .scalar(String(decoding: text, as: UTF8.self), isPlain: false), line: place.line, column: place.column)
    }

    /// The scalar whose number stands behind `\\u`; the cursor is left so that two bytes more end the escape.
    private mutating func escaped(digits: Int) throws(GivenUp) -> [UInt8] {
        let start = cursor.at + 2
        guard start + digits <= cursor.bytes.count else { throw GivenUp() }
        let hex = cursor.bytes[start..<start + digits]
        guard hex.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }),
            let number = UInt32(String(decoding: hex, as: UTF8.self), radix: 16), let scalar = Unicode.Scalar(number)
        else { throw GivenUp() }
        cursor.at += digits
        return Array(String(scalar).utf8)
    }

    private var isQuote: Bool { cursor.byte == UInt8(ascii: "\"") || cursor.byte == UInt8(ascii: "'") }

    /// A comment, or a bracket or comma in brackets.
    private func endsPlain(_ isFlow: Bool) -> Bool {
        switch cursor.byte {
        case UInt8(ascii: "#"): cursor.bytes[cursor.at - 1] == 0x20
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): isFlow
        default: false
        }
    }

    /// No sign that means something else at the start of a text.
    private func expectStart() throws(GivenUp) {
        switch cursor.byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: return
        case UInt8(ascii: "-"):
            let next = cursor.next | 0x20
            guard next >= 0x80 || (0x30...0x39).contains(next) || (0x61...0x7A).contains(next) else { throw GivenUp() }
        default:
            guard "$(+/.;<=\\^_~)".utf8.contains(cursor.byte) else { throw GivenUp() }
        }
    }

    private func scalar(_ start: Int, _ end: Int, _ place: (line: Int32, column: Int32)) -> ConfigNode {
        ConfigNode(
            .scalar(String(decoding: cursor.bytes[start..<end], as: UTF8.self), isPlain: true), line: place.line,
            column: place.column)
    }
}
