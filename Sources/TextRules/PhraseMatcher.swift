/// All phrases of a policy, found in one pass over a text.
///
/// Problem: thousands of phrases in many languages against every message, in microseconds and with no input that makes
/// it slow. Choice: an Aho-Corasick automaton over the bytes of the matching form; UTF-8 is self-synchronising, so a hit
/// on bytes is a hit on scalars. Transitions are a dense table over the bytes that occur in phrases at all, so a step is
/// two look-ups whatever the text. Rejected: a regular expression for each rule (time grows with the rules and, with
/// backtracking, with the text's malice). How it fails: the table takes (states x byte classes x 4) bytes, about 60 MB at
/// the limit; phrases beyond it are left out, and `leftOut` names them for whoever checks the configuration.
package struct PhraseMatcher: Sendable {
    /// Bytes of all phrases together in their matching form.
    package static let mostBytes = 200_000
    /// Hits reported of one text; the first by their end are kept.
    package static let mostMatches = 256

    /// Phrases that cannot be found: nothing is left of them after normalising, or the limit was reached.
    package let leftOut: [Phrase]

    private let phrases: [Pattern]
    private let automaton: ByteAutomaton

    private struct Pattern: Sendable {
        let phrase: Phrase
        let length: Int
        let startsAtBorder: Bool
        let endsAtBorder: Bool
        let isOpen: Bool
    }

    /// O(bytes of the phrases x byte classes).
    package init(phrases: [Phrase]) {
        var patterns: [Pattern] = []
        var forms: [[UInt8]] = []
        var leftOut: [Phrase] = []
        var size = 0
        for phrase in phrases {
            let isOpen = phrase.text.hasSuffix("*")
            let form = Self.trimmed(NormalisedText(isOpen ? String(phrase.text.dropLast()) : phrase.text).bytes)
            guard !form.isEmpty, size + form.count <= Self.mostBytes else {
                leftOut.append(phrase)
                continue
            }
            size += form.count
            forms.append(form)
            let ends = Self.ends(of: form)
            patterns.append(
                Pattern(
                    phrase: phrase, length: form.count, startsAtBorder: ends.first == .bordered,
                    endsAtBorder: !isOpen && ends.last == .bordered, isOpen: isOpen))
        }
        self.phrases = patterns
        self.leftOut = leftOut
        automaton = ByteAutomaton(patterns: forms)
    }

    package var isEmpty: Bool { phrases.isEmpty }

    /// Every hit, by start, then end, then the order of the phrases. Linear in the text.
    package func matches(in text: String) -> [PhraseMatch] {
        matches(in: NormalisedText(text))
    }

    /// The same for a text that was normalised before, so that several matchers share the work.
    package func matches(in text: NormalisedText) -> [PhraseMatch] {
        guard !phrases.isEmpty else { return [] }
        var hits: [(start: Int, end: Int, pattern: Int)] = []
        var wordEnd = 0
        automaton.scan(text.bytes) { pattern, end in
            let details = phrases[pattern]
            let start = end - details.length
            guard !details.startsAtBorder || Self.isBorder(before: start, in: text),
                !details.endsAtBorder || Self.isBorder(after: end, in: text)
            else { return true }
            if details.isOpen {
                if wordEnd < end { wordEnd = Self.endOfWord(from: end, in: text) }
                hits.append((start, wordEnd, pattern))
            } else {
                hits.append((start, end, pattern))
            }
            return hits.count < Self.mostMatches
        }
        hits.sort { ($0.start, $0.end, $0.pattern) < ($1.start, $1.end, $1.pattern) }
        return hits.map { hit in
            let phrase = phrases[hit.pattern].phrase
            return PhraseMatch(
                rule: phrase.rule, class: phrase.class, start: Int(text.origins[hit.start]),
                end: Int(text.origins[hit.end]))
        }
    }

    private static func isBorder(before offset: Int, in text: NormalisedText) -> Bool {
        guard let scalar = text.scalar(before: offset) else { return true }
        return Folding.table.classOf(scalar) != .bordered
    }

    private static func isBorder(after offset: Int, in text: NormalisedText) -> Bool {
        guard let scalar = text.scalar(at: offset) else { return true }
        return Folding.table.classOf(scalar.value) != .bordered
    }

    private static func endOfWord(from offset: Int, in text: NormalisedText) -> Int {
        var offset = offset
        while let scalar = text.scalar(at: offset), Folding.table.classOf(scalar.value) == .bordered {
            offset += scalar.length
        }
        return offset
    }

    private static func trimmed(_ form: [UInt8]) -> [UInt8] {
        let start = form.firstIndex { $0 != 0x20 } ?? form.count
        let end = form.lastIndex { $0 != 0x20 } ?? -1
        return start <= end ? Array(form[start...end]) : []
    }

    private static func ends(of form: [UInt8]) -> (first: Folding.Class, last: Folding.Class) {
        let scalars = Array(String(decoding: form, as: UTF8.self).unicodeScalars)
        let table = Folding.table
        return (
            scalars.first.map { table.classOf($0.value) } ?? .other,
            scalars.last.map { table.classOf($0.value) } ?? .other
        )
    }
}
