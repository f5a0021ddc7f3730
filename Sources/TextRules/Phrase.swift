/// One phrase that a rule looks for, as its author wrote it.
package struct Phrase: Sendable, Hashable {
    /// Matched after normalisation, so case, accents and width do not matter; a `*` at the end of any word stands for the
    /// rest of that word.
    package let text: String
    package let meaning: Meaning
    /// Tag of the pack it comes from; empty for a phrase that holds in every language.
    package let language: String

    /// The rule that this phrase belongs to, such as `en.price`; it stands in results.
    package var rule: String { language.isEmpty ? meaning.name : "\(language).\(meaning.name)" }
    /// The class or intent that a hit speaks for, such as `price` or `spam`.
    package var `class`: String { meaning.class }

    /// The bytes to look for; nil if nothing is left, or if a `*` stands elsewhere than at the end of a word.
    let form: [UInt8]?

    /// A phrase of a language pack: its rule is the language and the list. O(text).
    package init(text: String, meaning: Meaning, language: String) {
        self.text = text
        self.meaning = meaning
        self.language = language
        form = Self.form(of: text)
    }

    /// Something is left of the phrase to look for.
    package var isFindable: Bool { form != nil }

    private static func form(of text: String) -> [UInt8]? {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return trimmed(NormalisedText.form(of: text)) }
        var form: [UInt8] = []
        var pieces = text.split(separator: "*", omittingEmptySubsequences: false).map { NormalisedText(String($0)) }
        let isOpen = text.hasSuffix("*")
        if isOpen { pieces.removeLast() }
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            if index > 0, let kind = piece.kinds.first, kind != NormalisedText.Kind.space { return nil }
            form += piece.bytes
            let stars = !isLast || isOpen
            if stars, form.isEmpty || form.last == 0x20 || form.last == PhraseTrie.star { return nil }
            if stars { form.append(PhraseTrie.star) }
        }
        return trimmed(form)
    }

    /// Without spaces at its ends; nil if nothing is left or a star is first.
    private static func trimmed(_ form: [UInt8]) -> [UInt8]? {
        guard let start = form.firstIndex(where: { $0 != 0x20 }), let end = form.lastIndex(where: { $0 != 0x20 }),
            form[start] != PhraseTrie.star
        else { return nil }
        return start == 0 && end == form.count - 1 ? form : Array(form[start...end])
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
