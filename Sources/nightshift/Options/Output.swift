import Foundation

/// What commands print: facts to standard output as JSON lines or as text for people, everything else to standard error.
enum Output {
    /// One JSON object on one line, keys sorted, so that the same facts are the same bytes.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// For people who watch: progress, hints, warnings.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// A table for people: columns padded to their widest cell, numbers to the right.
struct TextTable {
    let header: [String]
    private(set) var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return all.map { row in
            row.indices.map { column in
                let space = String(repeating: " ", count: max(0, widths[column] - row[column].count))
                let isNumber = row[column].first.map { $0.isNumber || $0 == "-" } ?? false
                return column > 0 && isNumber || column > 0 && row == header
                    ? space + row[column] : row[column] + space
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
