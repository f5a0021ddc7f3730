internal import Contracts
internal import Instants

/// Writes the fields of one JSON object; what is empty or zero and not required is left out.
struct FieldWriter: FieldVisitor {
    var fields: [String: JSONValue] = [:]

    mutating func text(_ key: String, _ value: inout String, required: Bool) {
        if required || !value.isEmpty { fields[key] = .string(value) }
    }

    mutating func keptText(_ key: String, _ value: inout String, _ fullLength: inout UInt32) {
        text(key, &value, required: false)
        number("full_length", &fullLength)
    }

    mutating func flag(_ key: String, _ value: inout Bool) {
        if value { fields[key] = true }
    }

    mutating func number(_ key: String, _ value: inout UInt32) {
        if value != 0 { fields[key] = .integer(Int64(value)) }
    }

    mutating func count(_ key: String, _ value: inout UInt64) {
        if value != 0 { fields[key] = .integer(Int64(clamping: value)) }
    }

    mutating func instant(_ key: String, _ value: inout Int64, required: Bool) {
        if required || value != 0 { fields[key] = .string(Instant(milliseconds: value).description) }
    }

    /// A value without a word, such as one of a newer member, is left out.
    mutating func word<Word: Equatable>(_ key: String, _ value: inout Word, _ words: [(String, Word)]) {
        if let word = words.first(where: { $0.1 == value }) { fields[key] = .string(word.0) }
    }

    mutating func texts(_ key: String, _ value: inout [String]) {
        if !value.isEmpty { fields[key] = .array(value.map { .string($0) }) }
    }

    mutating func attachments(_ key: String, _ value: inout [Attachment]) {
        guard !value.isEmpty else { return }
        fields[key] = .array(
            value.map { attachment in
                var attachment = attachment
                var writer = FieldWriter()
                writer.text("type", &attachment.type, required: true)
                writer.text("url", &attachment.url, required: false)
                return .object(writer.fields)
            })
    }
}
