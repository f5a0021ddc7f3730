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

/// The nearest of some words to one that is not among them.
enum NearestWord {
    /// The word with the fewest single-letter changes, at most a third of the length; nil if none is that near.
    static func to(_ word: String, among words: some Sequence<String>) -> String? {
        let limit = max(1, word.count / 3)
        let target = Array(word.lowercased().prefix(64))
        var best: (distance: Int, word: String)?
        for candidate in words.sorted() {
            let distance = distance(target, Array(candidate.lowercased().prefix(64)))
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// Levenshtein's distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (position, other) in right.enumerated() {
                let above = row[position + 1]
                row[position + 1] = min(above + 1, row[position] + 1, diagonal + (letter == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
