/// `languages/TAG/detect.yaml`: what tells a text in this language from others.
struct DetectionSettings {
    let tag: String
    let words: [String]
    let letters: [String]

    init?(tag: String, _ value: ConfigValue) {
        guard let fields = value.fields("language evidence", ["words", "letters"]) else { return nil }
        let words = fields.required("words")?.list("a list of frequent words")
        guard let words else { return nil }
        self.tag = tag
        self.words = words.compactMap { $0.text("a word") }
        letters = (fields["letters"]?.list("a list of letters") ?? []).compactMap { $0.text("a letter") }
    }
}
