// Writing JSON.
//
// Problem: what commands print and what the sandbox signs must be the same bytes on every machine. Foundation's sorted
// keys on Linux are ordered by a locale-aware comparison, and it cannot write the escaped form that Meta signs. So the
// writer, which is short, is ours; reading, which is not, stays Foundation's.

extension JSONValue {
    /// How characters outside ASCII are written.
    package enum Escaping: Sendable {
        /// As UTF-8.
        case none
        /// As `\u00e4` and surrogate pairs, lower-case hex: the form that Meta's webhooks have.
        case unicode
    }

    /// The document on one line, keys sorted by their bytes, without spaces. O(bytes + keys log keys).
    package func bytes(escaping: Escaping = .none) -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, escaping)
        return output
    }

    /// The same as text.
    package func text(escaping: Escaping = .none) -> String {
        String(decoding: bytes(escaping: escaping), as: UTF8.self)
    }

    private func write(to output: inout [UInt8], _ escaping: Escaping) {
        switch self {
        case .null: output += Array("null".utf8)
        case .bool(let flag): output += Array((flag ? "true" : "false").utf8)
        case .integer(let number): output += Array(String(number).utf8)
        case .number(let number): output += Array((number.isFinite ? "\(number)" : "null").utf8)
        case .string(let text): Self.write(text, to: &output, escaping)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                value.write(to: &output, escaping)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let fields):
            output.append(UInt8(ascii: "{"))
            let keys = fields.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for (index, key) in keys.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(key, to: &output, escaping)
                output.append(UInt8(ascii: ":"))
                fields[key]?.write(to: &output, escaping)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to output: inout [UInt8], _ escaping: Escaping) {
        output.append(UInt8(ascii: "\""))
        switch escaping {
        case .none:
            for byte in text.utf8 { write(ascii: byte, to: &output) }
        case .unicode:
            for unit in text.utf16 {
                if unit < 0x80 {
                    write(ascii: UInt8(truncatingIfNeeded: unit), to: &output)
                } else {
                    writeEscape(unit, to: &output)
                }
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func write(ascii byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        case 0x0A: output += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case 0x0D: output += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        case 0x09: output += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        case 0..<0x20: writeEscape(UInt16(byte), to: &output)
        default: output.append(byte)
        }
    }

    private static func writeEscape(_ unit: UInt16, to output: inout [UInt8]) {
        let digits = String(unit, radix: 16)
        output += Array("\\u".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count)
        output += Array(digits.utf8)
    }
}
