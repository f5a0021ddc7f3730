import Foundation

/// A JSON document as a value: what every payload from outside becomes before anything is read from it.
///
/// Foundation parses, this type holds the result in a form that is `Sendable`, compares, and has typed accessors.
/// Objects keep no order; the writer sorts keys, so nothing that leaves depends on a dictionary.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without a fraction that fits 64 signed bits; ids and instants are of this kind.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// A text that is not one JSON document.
    package struct Malformed: Error, CustomStringConvertible {
        package let detail: String
        package var description: String { "expected JSON, got something else: \(detail)" }
    }

    /// Parses one document; any value may stand at the top. Nested more than 512 deep it is refused. O(bytes).
    package init(parsing bytes: [UInt8]) throws(Malformed) {
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
        } catch {
            let detail = (error as NSError).userInfo["NSDebugDescription"] as? String
            throw Malformed(detail: String((detail ?? "unreadable").prefix(200)))
        }
        self = Self.value(parsed)
    }

    package subscript(key: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields[key]
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var object: [String: JSONValue]? {
        if case .object(let fields) = self { fields } else { nil }
    }

    /// The word for the value's type in messages.
    package var typeWord: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    private static func value(_ parsed: Any) -> JSONValue {
        switch parsed {
        case let text as String: .string(text)
        case let fields as [String: Any]: .object(fields.mapValues(value))
        case let values as [Any]: .array(values.map(value))
        case let number as NSNumber: Self.number(number)
        default: .null
        }
    }

    /// Foundation gives booleans and numbers as `NSNumber`; the C type tells them apart (`c` is a boolean's).
    private static func number(_ number: NSNumber) -> JSONValue {
        switch UInt8(bitPattern: number.objCType.pointee) {
        case UInt8(ascii: "c"): return .bool(number.boolValue)
        case UInt8(ascii: "d"), UInt8(ascii: "f"): return .number(number.doubleValue)
        case UInt8(ascii: "Q"):
            return Int64(exactly: number.uint64Value).map(JSONValue.integer) ?? .number(number.doubleValue)
        default: return .integer(number.int64Value)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .string(text) }
    package init(integerLiteral number: Int64) { self = .integer(number) }
    package init(booleanLiteral flag: Bool) { self = .bool(flag) }
    package init(arrayLiteral values: JSONValue...) { self = .array(values) }

    /// A key given twice keeps its last value.
    package init(dictionaryLiteral fields: (String, JSONValue)...) {
        self = .object(Dictionary(fields, uniquingKeysWith: { _, last in last }))
    }
}
