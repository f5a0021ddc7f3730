/// All phrases of a policy, found in one pass over a text.
///
/// Problem: tens of thousands of phrases in many languages against every message, in microseconds and with no input that
/// makes it slow. Choice: one tree over the bytes of the matching form (`PhraseTrie`); UTF-8 is self-synchronising, so a
/// hit on bytes is a hit on scalars. Rejected: a regular expression for each rule (time grows with the rules and, with
/// backtracking, with the text's malice). How it fails: phrases beyond the limits are left out, and `leftOut` names them
/// for whoever checks the configuration.
package struct PhraseMatcher: Sendable {
    /// Bytes of all phrases together in their matching form.
    package static let mostBytes = 8 << 20
    package static let mostPhrases = 200_000
    /// Hits reported of one text; the first by their start are kept.
    package static let mostMatches = 256

    /// Phrases that cannot be found: nothing is left of them after normalising, or a limit was reached.
    package let leftOut: [Phrase]

    /// Those that can be found, in the order in which they came.
    let phrases: [Phrase]
    private let trie: PhraseTrie

    /// A phrase at a place of a matching form.
    struct Hit: Hashable {
        let pattern: Int
        let start: Int
        let end: Int
    }

    /// O(bytes of the phrases).
    package init(phrases: [Phrase]) {
        var size = 0
        var leftOut: [Phrase] = []
        for (index, phrase) in phrases.enumerated() {
            guard index - leftOut.count < Self.mostPhrases, let form = phrase.form,
                size + form.count <= Self.mostBytes
            else {
                leftOut.append(phrase)
                continue
            }
            size += form.count
        }
        let left = Set(leftOut)
        let kept = left.isEmpty ? phrases : phrases.filter { !left.contains($0) }
        self.phrases = kept
        self.leftOut = leftOut
        trie = PhraseTrie(kept.map { $0.form ?? [] })
    }

    package var isEmpty: Bool { phrases.isEmpty }

    subscript(pattern: Int) -> Phrase { phrases[pattern] }

    /// Every hit, by start, then end, then the order of the phrases. Linear in the text.
    package func matches(in text: String) -> [PhraseMatch] {
        matches(in: NormalisedText(text))
    }

    /// The same for a text that was normalised before.
    package func matches(in text: NormalisedText) -> [PhraseMatch] {
        var hits: [Hit] = []
        find(in: text) { hits.append($0) }
        hits.sort { ($0.start, $0.end, $0.pattern) < ($1.start, $1.end, $1.pattern) }
        return hits.map { hit in
            let phrase = phrases[hit.pattern]
            return PhraseMatch(
                rule: phrase.rule, class: phrase.class, start: Int(text.origins[hit.start]),
                end: Int(text.origins[hit.end]))
        }
    }

    /// Calls `found` with each hit, by start; at most `mostMatches`.
    func find(in text: NormalisedText, _ found: (Hit) -> Void) {
        var left = Self.mostMatches
        trie.scan(text) { pattern, start, end, isOpen in
            guard isOpen || Self.isBorder(end, in: text) else { return true }
            found(Hit(pattern: pattern, start: start, end: end))
            left -= 1
            return left > 0
        }
    }

    /// Between two scalars of one bordered word there is none.
    @inline(__always)
    static func isBorder(_ offset: Int, in text: NormalisedText) -> Bool {
        guard text.kinds[offset] == NormalisedText.Kind.bordered else { return true }
        var last = offset - 1
        while last >= 0, text.kinds[last] == NormalisedText.Kind.rest { last -= 1 }
        return last < 0 || text.kinds[last] != NormalisedText.Kind.bordered
    }
}
