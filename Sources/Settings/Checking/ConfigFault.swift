/// One thing that is wrong with a configuration: where, what was expected, what came, and what was probably meant.
package struct ConfigFault: Error, Sendable, Equatable, Comparable, CustomStringConvertible {
    /// Path below the configuration folder.
    package let file: String
    /// From 1; 0 if the file as a whole is at fault.
    package let line: Int
    /// From 1, in characters; 0 likewise.
    package let column: Int
    package let expected: String
    package let got: String
    /// The valid word that is nearest to what came, if one is near.
    package let nearest: String?

    package init(
        file: String, line: Int = 0, column: Int = 0, expected: String, got: String, nearest: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.expected = expected
        self.got = got
        self.nearest = nearest
    }

    /// `markets/de.yaml:3:7: expected …, got …; did you mean …?`
    package var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        let hint = nearest.map { "; did you mean \($0)?" } ?? ""
        return "\(place): expected \(expected), got \(got)\(hint)"
    }

    package static func < (left: ConfigFault, right: ConfigFault) -> Bool {
        (left.file, left.line, left.column, left.expected) < (right.file, right.line, right.column, right.expected)
    }
}
