/// All phrases of a policy, found in one pass over a text.
package struct PhraseMatcher: Sendable {
    package init(phrases: [Phrase]) {
    }

    /// Every hit, by start, then end, then the order of the phrases. Linear in the text.
    package func matches(in text: String) -> [PhraseMatch] {
        []
    }
}
