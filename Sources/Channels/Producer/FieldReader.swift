internal import Contracts
internal import Instants

/// Reads the fields of one JSON object strictly: a key that nobody asked for is an error.
struct FieldReader: FieldVisitor {
    /// Longest text that is no customer's words.
    static let longestText = 4_096

    private let fields: [String: JSONValue]
    private let path: String
    private var asked: Set<String> = []

    /// - Throws: if the value is no object.
    init(_ value: JSONValue, path: String) throws(EventJSONError) {
        guard case .object(let fields) = value else {
            throw EventJSONError(expected: "an object", came: value.typeWord, place: path)
        }
        self.fields = fields
        self.path = path
    }

    /// - Throws: for the first key, in order, that was not asked for.
    func finish() throws(EventJSONError) {
        guard let unknown = fields.keys.filter({ !asked.contains($0) }).min() else { return }
        throw EventJSONError(
            expected: "a known key (one of \(asked.sorted().joined(separator: " ")))",
            came: "\"\(unknown.prefix(60))\"", place: place(String(unknown.prefix(60))))
    }

    mutating func value(_ key: String) -> JSONValue? {
        asked.insert(key)
        let value = fields[key]
        return value == .null ? nil : value
    }

    mutating func text(_ key: String, _ value: inout String, required: Bool) throws(EventJSONError) {
        guard let text = try anyText(key) else {
            guard required else { return }
            throw EventJSONError(expected: "a text", came: "nothing", place: place(key))
        }
        guard !required || !text.isEmpty else {
            throw EventJSONError(expected: "a text that is not empty", came: "\"\"", place: place(key))
        }
        // What agents write is as long as what customers write.
        let longest = key == "text" ? KeptText.mostBytes : Self.longestText
        guard text.utf8.count <= longest else {
            throw EventJSONError(
                expected: "at most \(longest) bytes", came: "\(text.utf8.count) bytes", place: place(key))
        }
        value = text
    }

    mutating func keptText(
        _ key: String, _ value: inout String, _ fullLength: inout UInt32
    ) throws(EventJSONError) {
        let kept = KeptText(try anyText(key) ?? "")
        value = kept.text
        try number("full_length", &fullLength)
        fullLength = max(fullLength, kept.fullLength)
    }

    mutating func flag(_ key: String, _ value: inout Bool) throws(EventJSONError) {
        guard let came = self.value(key) else { return }
        guard let flag = came.bool else {
            throw EventJSONError(expected: "true or false", came: came.typeWord, place: place(key))
        }
        value = flag
    }

    mutating func number(_ key: String, _ value: inout UInt32) throws(EventJSONError) {
        guard let came = self.value(key) else { return }
        guard let integer = came.integer, let number = UInt32(exactly: integer) else {
            throw EventJSONError(expected: "a number from 0 to \(UInt32.max)", came: came.shown, place: place(key))
        }
        value = number
    }

    mutating func count(_ key: String, _ value: inout UInt64) throws(EventJSONError) {
        guard let came = self.value(key) else { return }
        guard let integer = came.integer, let number = UInt64(exactly: integer) else {
            throw EventJSONError(expected: "a number from 0", came: came.shown, place: place(key))
        }
        value = number
    }

    mutating func instant(_ key: String, _ value: inout Int64, required: Bool) throws(EventJSONError) {
        guard let came = self.value(key) else {
            guard required else { return }
            throw EventJSONError(
                expected: "an instant such as 2026-11-22T18:00:00Z", came: "nothing", place: place(key))
        }
        guard let text = came.string, let instant = try? Instant(rfc3339: text) else {
            throw EventJSONError(
                expected: "an instant such as 2026-11-22T18:00:00Z", came: came.shown, place: place(key))
        }
        value = instant.milliseconds
    }

    mutating func word<Word: Equatable>(
        _ key: String, _ value: inout Word, _ words: [(String, Word)]
    ) throws(EventJSONError) {
        let came = self.value(key)
        guard let text = came?.string, let known = words.first(where: { $0.0 == text }) else {
            throw EventJSONError(
                expected: "one of \(words.map(\.0).joined(separator: " "))", came: came?.shown ?? "nothing",
                place: place(key))
        }
        value = known.1
    }

    mutating func attachments(_ key: String, _ value: inout [Attachment]) throws(EventJSONError) {
        guard let came = self.value(key) else { return }
        guard let list = came.array, list.count <= 16 else {
            throw EventJSONError(
                expected: "an array of at most 16 attachments", came: came.typeWord, place: place(key))
        }
        for (index, element) in list.enumerated() {
            var reader = try FieldReader(element, path: place("\(key)[\(index)]"))
            var attachment = Attachment()
            try reader.required("type", &attachment.type)
            try reader.text("url", &attachment.url)
            try reader.finish()
            value.append(attachment)
        }
    }

    mutating func texts(_ key: String, _ value: inout [String]) throws(EventJSONError) {
        guard let came = self.value(key) else { return }
        let texts = came.array?.compactMap(\.string).filter { !$0.isEmpty && $0.utf8.count <= 128 }
        guard let texts, texts.count == came.array?.count, texts.count <= 8 else {
            throw EventJSONError(
                expected: "an array of at most 8 ids of 1 to 128 bytes", came: came.typeWord, place: place(key))
        }
        value = texts
    }

    func place(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    private mutating func anyText(_ key: String) throws(EventJSONError) -> String? {
        guard let came = value(key) else { return nil }
        guard let text = came.string else {
            throw EventJSONError(expected: "a text", came: came.typeWord, place: place(key))
        }
        return text
    }
}

extension JSONValue {
    /// The value itself where it is short and says more than its type.
    var shown: String {
        switch self {
        case .null, .array, .object: typeWord
        case .bool, .integer, .number: text()
        case .string(let text): "\"\(TextLimit(unit: .bytes, most: 60).cut(text))\""
        }
    }
}
