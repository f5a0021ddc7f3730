/// The rows of a CSV file as RFC 4180 describes it: commas, fields in quotation marks, two of them for one inside, lines
/// that end in LF or CRLF, UTF-8 with or without a mark. Strict: what the RFC leaves open is a fault with its line.
///
/// None of the packages at hand reads CSV, and a list of 50,000 rows is too long for a YAML reader that keeps a node for
/// each value.
struct CSVRows {
    struct Row {
        /// Where it begins, from 1; a field in quotation marks may go over several lines.
        let line: Int
        let fields: [String]
    }

    struct Fault: Error {
        let line: Int
        let expected: String
        let came: String
    }

    private let bytes: [UInt8]
    private var offset: Int
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next row that is not empty; nil at the end.
    mutating func next() throws(Fault) -> Row? {
        while offset < bytes.count {
            let begins = line
            let fields = try row()
            if fields != [""] { return Row(line: begins, fields: fields) }
        }
        return nil
    }

    private mutating func row() throws(Fault) -> [String] {
        var fields: [String] = []
        while true {
            let field = offset < bytes.count && bytes[offset] == Self.quote ? try quoted() : try plain()
            guard let text = String(validating: field, as: UTF8.self) else {
                throw Fault(line: line, expected: "UTF-8 text", came: "other bytes")
            }
            fields.append(text)
            guard offset < bytes.count else { return fields }
            let end = bytes[offset]
            offset += 1
            if end == Self.comma { continue }
            if end == Self.newLine { line += 1 }
            return fields
        }
    }

    /// Up to the comma or the end of the line, which stay unread; a CR before LF goes with it.
    private mutating func plain() throws(Fault) -> [UInt8] {
        let start = offset
        while offset < bytes.count, bytes[offset] != Self.comma, bytes[offset] != Self.newLine {
            if bytes[offset] == Self.quote {
                throw Fault(line: line, expected: "a field in quotation marks as a whole", came: "one inside a field")
            }
            offset += 1
        }
        return withoutReturn(bytes[start..<offset])
    }

    private mutating func quoted() throws(Fault) -> [UInt8] {
        let begins = line
        var field: [UInt8] = []
        offset += 1
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if byte == Self.quote {
                guard offset < bytes.count, bytes[offset] == Self.quote else { return try closed(field) }
                offset += 1
            } else if byte == Self.newLine {
                line += 1
            }
            field.append(byte)
        }
        throw Fault(line: begins, expected: "a closing quotation mark", came: "the end of the file")
    }

    /// After the closing mark only a comma or the end of the line may stand.
    private mutating func closed(_ field: [UInt8]) throws(Fault) -> [UInt8] {
        if offset + 1 < bytes.count, bytes[offset] == Self.carriageReturn, bytes[offset + 1] == Self.newLine {
            offset += 1
        }
        guard offset == bytes.count || bytes[offset] == Self.comma || bytes[offset] == Self.newLine else {
            throw Fault(line: line, expected: "a comma or the end of the line after quotation marks", came: "text")
        }
        return field
    }

    private func withoutReturn(_ field: ArraySlice<UInt8>) -> [UInt8] {
        let endsLine = offset >= bytes.count || bytes[offset] == Self.newLine
        return Array(endsLine && field.last == Self.carriageReturn ? field.dropLast() : field)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let newLine = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}
