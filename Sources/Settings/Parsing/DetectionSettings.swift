internal import TextRules

/// `languages/TAG/detect.yaml`: what tells a text in this language from others.
struct DetectionSettings {
    let evidence: LanguageEvidence

    init?(tag: String, _ value: ConfigValue) {
        guard let fields = value.fields("language evidence", ["script", "words", "letters"]) else { return nil }
        let words = fields.required("words")?.list("a list of frequent words")
        guard let words, let script = fields["script"].map({ $0.word(LanguageEvidence.Script.self) }) ?? .latin else {
            return nil
        }
        evidence = LanguageEvidence(
            tag: tag, script: script, words: words.compactMap { $0.text("a word") },
            letters: (fields["letters"]?.list("a list of letters") ?? []).compactMap { $0.text("a letter") })
    }
}
