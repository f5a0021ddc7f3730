// One bad character must not cost a batch.
//
// Problem: a webhook body carries up to 1,000 updates, and a parser refuses all of it for one byte that is no UTF-8 or
// one half of a surrogate pair, nor for one number beyond what any number holds. Choice: replace each such place by a
// private-use scalar that names what stood there (a number by a text between two of them), parse, set aside the updates that hold such a scalar, and write them to the quarantine with the original bytes put
// back. Rejected: a tolerant parser of our own (much code on the most exposed path); U+FFFD (the original is lost, and
// a customer may write it). How it fails: in a body that is broken elsewhere, an update that really contains one of
// these private scalars is set aside too.

/// Makes a broken body parsable and tells afterwards which values were broken.
package enum JSONRepair {
    /// U+F0080 to U+F00FF stand for the bytes 0x80 to 0xFF.
    private static let byteBase: UInt32 = 0xF0000
    /// U+F1000 to U+F17FF stand for the escapes `\ud800` to `\udfff`.
    private static let surrogateBase: UInt32 = 0xF1000
    /// Stand before and behind a number that no `Double` holds, such as `1e400`.
    private static let (numberStart, numberEnd): (UInt32, UInt32) = (0xF2000, 0xF2001)

    /// The body with every byte that is no UTF-8, every unpaired surrogate escape and every number that is too large
    /// replaced; nil if there is none. O(bytes).
    package static func repaired(_ bytes: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var replaced = false
        var isText = false
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if !isText, let number = number(bytes, at: position) {
                if !number.isHeld {
                    output.append(UInt8(ascii: "\""))
                    append(numberStart, to: &output)
                }
                output += bytes[position..<position + number.length]
                if !number.isHeld {
                    append(numberEnd, to: &output)
                    output.append(UInt8(ascii: "\""))
                    replaced = true
                }
                position += number.length
            } else if byte == UInt8(ascii: "\\") {
                let (copied, surrogate) = escape(bytes, at: position)
                if let surrogate {
                    append(surrogateBase + surrogate, to: &output)
                    replaced = true
                } else {
                    output += bytes[position..<position + copied]
                }
                position += copied
            } else if byte < 0x80 {
                if byte == UInt8(ascii: "\"") { isText.toggle() }
                output.append(byte)
                position += 1
            } else {
                var rest = bytes[position...].makeIterator()
                var parser = Unicode.UTF8.ForwardParser()
                switch parser.parseScalar(from: &rest) {
                case .valid(let scalar):
                    output += scalar
                    position += scalar.count
                case .error(let length):
                    for bad in bytes[position..<min(bytes.count, position + max(1, length))] {
                        append(byteBase + UInt32(bad), to: &output)
                    }
                    position += max(1, length)
                    replaced = true
                case .emptyInput:
                    position = bytes.count
                }
            }
        }
        return replaced ? output : nil
    }

    /// Whether a text somewhere in the value holds a replaced place.
    package static func isMarked(_ value: JSONValue) -> Bool {
        switch value {
        case .string(let text): isMarked(text)
        case .array(let values): values.contains(where: isMarked)
        case .object(let fields): fields.contains { isMarked($0.key) || isMarked($0.value) }
        case .null, .bool, .integer, .number: false
        }
    }

    /// Written JSON with the original bytes and escapes put back.
    package static func restored(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        var dropsQuote = false
        for scalar in text.unicodeScalars {
            if dropsQuote {
                dropsQuote = false
                if scalar == "\"" { continue }
            }
            switch scalar.value {
            case numberStart:
                if output.last == UInt8(ascii: "\"") { output.removeLast() }
            case numberEnd: dropsQuote = true
            case byteBase + 0x80...byteBase + 0xFF:
                output.append(UInt8(truncatingIfNeeded: scalar.value - byteBase))
            case surrogateBase...surrogateBase + 0x7FF:
                output += Array(("\\u" + String(scalar.value - surrogateBase + 0xD800, radix: 16)).utf8)
            default:
                output += Array(String(scalar).utf8)
            }
        }
        return output
    }

    private static func isMarked(_ text: String) -> Bool {
        text.unicodeScalars.contains {
            (byteBase + 0x80...byteBase + 0xFF).contains($0.value)
                || (surrogateBase...surrogateBase + 0x7FF).contains($0.value) || $0.value == numberStart
        }
    }

    /// How many bytes of a number stand at `position`, and whether a `Double` holds it; nil if none begins there.
    private static func number(_ bytes: [UInt8], at position: Int) -> (length: Int, isHeld: Bool)? {
        guard let first = bytes[position...].first, isDigit(first) || first == UInt8(ascii: "-") else { return nil }
        let token = bytes[position...].prefix { isDigit($0) || "+-.eE".utf8.contains($0) }
        // Anything shorter without an exponent is held.
        guard token.count > 300 || token.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else {
            return (token.count, true)
        }
        return (token.count, Double(String(decoding: token, as: UTF8.self))?.isFinite ?? true)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// How many bytes the escape at `position` takes, a whole surrogate pair as one, and the offset from U+D800 if it is
    /// an unpaired surrogate.
    private static func escape(_ bytes: [UInt8], at position: Int) -> (length: Int, surrogate: UInt32?) {
        guard let unit = unit(bytes, at: position) else {
            // `\\`, `\"` and the like: both bytes are copied, so that the second one opens no escape of its own. A byte
            // outside ASCII is looked at by itself.
            let next = position + 1
            return (next < bytes.count && bytes[next] < 0x80 ? 2 : 1, nil)
        }
        guard (0xD800...0xDFFF).contains(unit) else { return (6, nil) }
        if unit < 0xDC00, let low = self.unit(bytes, at: position + 6), (0xDC00...0xDFFF).contains(low) {
            return (12, nil)
        }
        return (6, unit - 0xD800)
    }

    private static func unit(_ bytes: [UInt8], at position: Int) -> UInt32? {
        guard position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        let digits = bytes[position + 2..<position + 6]
        guard digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func append(_ value: UInt32, to output: inout [UInt8]) {
        if let scalar = Unicode.Scalar(value) { output += Array(String(scalar).utf8) }
    }
}
