/// A CLDR pattern with its fields in braces, such as `{hour}.{minute}`.
struct FieldPattern: Sendable {
    private let parts: [(literal: String, field: String?)]

    /// - Throws: `LocaleWords.Fault` if a field is not among `fields`, stands twice or is missing.
    init(_ text: String, _ name: String, of fields: [String]) throws(LocaleWords.Fault) {
        var parts: [(String, String?)] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            parts.append((String(rest[..<open]), String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        parts.append((String(rest), nil))
        guard parts.compactMap(\.1).sorted() == fields.sorted() else {
            let expected = "each of " + fields.map { "{\($0)}" }.joined(separator: ", ") + " once"
            throw LocaleWords.Fault(field: name, expected: expected, came: text)
        }
        self.parts = parts
    }

    func filled(_ value: (String) -> String) -> String {
        var text = ""
        for (literal, field) in parts {
            text += literal
            if let field { text += value(field) }
        }
        return text
    }
}
