/// One answer of Redis (RESP2).
package enum RedisReply: Sendable, Equatable {
    /// A nil bulk string or nil array.
    case `nil`
    case integer(Int64)
    /// A short word such as `OK`, `PONG` or `QUEUED`; bytes that are no UTF-8 are replaced.
    case status(String)
    case bytes([UInt8])
    case array([RedisReply])
    indirect case error(RedisServerError)

    /// The integer, or a bulk string or status that is one in decimal; else nil.
    package var int: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes(let bytes): Int64(decimal: bytes)
        case .status(let word): Int64(word)
        case .nil, .array, .error: nil
        }
    }

    /// The bulk string's bytes, or a status's; else nil.
    package var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let word): Array(word.utf8)
        case .nil, .integer, .array, .error: nil
        }
    }

    /// A bulk string or status as text; bytes that are no UTF-8 give nil.
    package var string: String? {
        switch self {
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .status(let word): word
        case .nil, .integer, .array, .error: nil
        }
    }

    /// The elements of an array; else nil.
    package var array: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The error that stands in place of an answer, also inside an array.
    package var error: RedisServerError? {
        if case .error(let error) = self { error } else { nil }
    }

    package var isNil: Bool {
        if case .nil = self { true } else { false }
    }

    /// What kind of answer this is, in words for an error's message; never its content.
    package var kind: String {
        switch self {
        case .nil: "nil"
        case .integer: "an integer"
        case .status(let word): "status \(word)"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .array(let elements): "an array of \(elements.count)"
        case .error(let error): "error \(error)"
        }
    }
}

extension Int64 {
    /// Reads decimal digits with an optional minus sign; anything else, or what does not fit, is nil.
    init?(decimal bytes: [UInt8]) {
        var digits = bytes[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
            let unit = Int64(digit &- 0x30)
            let (sum, overflow) =
                isNegative
                ? tens.subtractingReportingOverflow(unit) : tens.addingReportingOverflow(unit)
            guard !tensOverflow, !overflow else { return nil }
            value = sum
        }
        self = value
    }
}
