/// One phrase that a rule looks for, as its author wrote it.
package struct Phrase: Sendable, Hashable {
    /// Matched after normalisation, so case, accents and width do not matter; a `*` at the end stands for the rest of
    /// the word.
    package let text: String
    /// The rule that this phrase belongs to, such as `faq.price`.
    package let rule: String
    /// The class or intent that a hit speaks for, such as `price` or `spam`.
    package let `class`: String

    package init(text: String, rule: String, class: String) {
        self.text = text
        self.rule = rule
        self.class = `class`
    }
}

/// One hit of a phrase in a text.
package struct PhraseMatch: Sendable, Hashable {
    package let rule: String
    package let `class`: String
    /// UTF-8 byte offsets in the original text, half-open, on scalar borders.
    package let start: Int
    package let end: Int

    package init(rule: String, class: String, start: Int, end: Int) {
        self.rule = rule
        self.class = `class`
        self.start = start
        self.end = end
    }
}
