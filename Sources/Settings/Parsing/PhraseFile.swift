internal import Conversations
internal import TextRules

/// A text of a configuration with its place.
struct ConfigPhrase {
    let text: String
    let value: ConfigValue
}

/// `languages/TAG/phrases.yaml`: what people write, by what it means.
struct PhraseSettings: Sendable {
    /// For the matcher; one of which nothing is left has reported itself and is not among them.
    let phrases: [Phrase]

    private static let known =
        ["spam"] + TextClass.allCases.filter { $0 != .spam }.map(\.rawValue) + ["intents", "off_domain"]

    init?(tag: String, _ value: ConfigValue) {
        guard let fields = value.fields("phrases", Self.known) else { return nil }
        var lists: [(Meaning, ConfigValue)] = []
        let spam = fields["spam"]?.fields("spam", Meaning.Spam.allCases.map(\.rawValue))
        for kind in Meaning.Spam.allCases {
            if let list = spam?[kind.rawValue] { lists.append((.spam(kind), list)) }
        }
        for kind in TextClass.allCases where kind != .spam {
            if let list = fields[kind.rawValue] { lists.append((.class(kind), list)) }
        }
        let intents = fields["intents"]?.fields("intents", Intent.allCases.map(\.rawValue))
        for intent in Intent.allCases {
            if let list = intents?[intent.rawValue] { lists.append((.intent(intent), list)) }
        }
        if let list = fields["off_domain"] { lists.append((.offDomain, list)) }
        var phrases: [Phrase] = []
        for (meaning, list) in lists {
            list.eachText("a list of phrases", "a phrase") { text, item in
                let phrase = Phrase(text: text, meaning: meaning, language: tag)
                guard phrase.isFindable else {
                    item().fault(
                        "a phrase with letters, digits or signs that can be seen, * only at a word's end")
                    return
                }
                phrases.append(phrase)
            }
        }
        self.phrases = phrases
    }
}
