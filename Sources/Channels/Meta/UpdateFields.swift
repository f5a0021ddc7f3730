// Typed reading from one update. A field may be missing or null; a field of another type than the platform documents is
// a fault of its update.

internal import Contracts

extension JSONValue {
    /// Longest account, contact, comment and post ids; the platform's are under 40 bytes.
    static let longestID = 128
    /// Longest message ids; the platform's are under 200 bytes.
    static let longestMessageID = 512

    /// A text, or nil if missing or null.
    func text(_ key: String) throws(UpdateFault) -> String? {
        switch self[key] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other): throw .expected("a string", other, key)
        }
    }

    /// A text of which at most `most` bytes are kept, for labels and links that are no customer's words.
    func shortText(_ key: String, most: Int = 1_024) throws(UpdateFault) -> String? {
        try text(key).map { TextLimit(unit: .bytes, most: most).cut($0) }
    }

    /// An id that came as string or number; nil if missing, null or empty.
    func identifier(_ key: String, longest: Int = longestID) throws(UpdateFault) -> String? {
        let text: String
        switch self[key] {
        case nil, .null: return nil
        case .string(let given): text = given
        case .integer(let number): text = String(number)
        case .some(let other): throw .expected("an id as string or number", other, key)
        }
        guard text.utf8.count <= longest else {
            throw UpdateFault(
                reason: .idTooLong, detail: "expected at most \(longest) bytes, got \(text.utf8.count), \(key)")
        }
        return text.isEmpty ? nil : text
    }

    func requiredIdentifier(_ key: String, longest: Int = longestID) throws(UpdateFault) -> String {
        guard let id = try identifier(key, longest: longest) else { throw .missing("an id", key) }
        return id
    }

    /// A flag; missing and null are false.
    func flag(_ key: String) throws(UpdateFault) -> Bool {
        switch self[key] {
        case nil, .null: return false
        case .bool(let flag): return flag
        case .some(let other): throw .expected("a boolean", other, key)
        }
    }

    /// A provider's instant in milliseconds since 1970, given in seconds or milliseconds, as number or digits.
    ///
    /// Below 100,000,000,000 it is read as seconds: as milliseconds that would be before March 1973, as seconds it
    /// lasts until the year 5138. Negative values become 0.
    func milliseconds(_ key: String) throws(UpdateFault) -> Int64? {
        let value: Int64
        switch self[key] {
        case nil, .null: return nil
        case .integer(let number): value = number
        case .number(let number):
            guard number.magnitude < 9e18 else { throw .expected("an instant", .number(number), key) }
            value = Int64(number)
        case .string(let digits):
            guard let number = Int64(digits) else { throw .expected("an instant in digits", .string(""), key) }
            value = number
        case .some(let other): throw .expected("an instant", other, key)
        }
        let positive = max(0, value)
        return positive < 100_000_000_000 ? positive * 1_000 : positive
    }

    /// A nested object; nil if missing or null.
    func nested(_ key: String) throws(UpdateFault) -> JSONValue? {
        switch self[key] {
        case nil, .null: return nil
        case .some(let value):
            guard case .object = value else { throw .expected("an object", value, key) }
            return value
        }
    }

    /// A nested array; nil if missing or null.
    func list(_ key: String) throws(UpdateFault) -> [JSONValue]? {
        switch self[key] {
        case nil, .null: return nil
        case .array(let values): return values
        case .some(let other): throw .expected("an array", other, key)
        }
    }
}

extension UpdateFault {
    static func expected(_ expected: String, _ came: JSONValue, _ key: String) -> UpdateFault {
        UpdateFault(reason: .wrongType, detail: "expected \(expected), got \(came.typeWord), \(key)")
    }

    static func missing(_ expected: String, _ key: String) -> UpdateFault {
        UpdateFault(reason: .missingField, detail: "expected \(expected), got nothing, \(key)")
    }
}
