/// The nearest of some words to one that is not among them.
package enum NearestWord {
    /// The word with the fewest single-letter changes, at most a third of the length; nil if none is that near.
    package static func to(_ word: String, among words: some Sequence<String>) -> String? {
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
