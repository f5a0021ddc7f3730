/// Which of many names stand in a text: names of products, by a number that the caller gives each.
///
/// Choice: the tree of the phrases, apart from theirs, since names are looked for only once a question was recognised; a
/// text that asks nothing costs nothing. Of names that overlap the longest counts: *blue bag large* is not *blue bag*.
package struct NameFinder: Sendable {
    /// Where a name was found: UTF-8 byte offsets in the original text, half-open.
    package struct Found: Sendable, Hashable {
        package let number: Int
        package let start: Int
        package let end: Int
    }

    /// Hits that are looked at in one text.
    private static let mostHits = 256

    private let numbers: [Int]
    private let trie: PhraseTrie

    /// Names of which nothing is left in the matching form are never found; see `isFindable`. O(bytes log bytes).
    package init(_ names: [(name: String, number: Int)]) {
        var numbers: [Int] = []
        var forms: [[UInt8]] = []
        for (name, number) in names {
            guard let form = Self.form(name) else { continue }
            forms.append(form)
            numbers.append(number)
        }
        self.numbers = numbers
        trie = PhraseTrie(forms)
    }

    /// Something is left of the name to look for.
    package static func isFindable(_ name: String) -> Bool { form(name) != nil }

    package var isEmpty: Bool { numbers.isEmpty }

    /// The names in a text, by start; linear in the text, whatever the number of names.
    package func names(in text: String) -> [Found] {
        isEmpty ? [] : names(in: NormalisedText(text))
    }

    /// The same for a text that was normalised before.
    package func names(in text: NormalisedText) -> [Found] {
        guard !isEmpty else { return [] }
        var hits: [(number: Int, start: Int, end: Int)] = []
        trie.scan(text) { pattern, start, end, _ in
            guard PhraseMatcher.isBorder(end, in: text) else { return true }
            hits.append((numbers[pattern], start, end))
            return hits.count < Self.mostHits
        }
        let longest = hits.filter { hit in
            !hits.contains { $0.start < hit.end && hit.start < $0.end && $0.end - $0.start > hit.end - hit.start }
        }
        return longest.map {
            Found(number: $0.number, start: Int(text.origins[$0.start]), end: Int(text.origins[$0.end]))
        }
    }

    private static func form(_ name: String) -> [UInt8]? {
        Phrase(text: name.replacing("*", with: " "), meaning: .offDomain, language: "").form
    }
}
