internal import Conversations
internal import TextRules

/// A text of a configuration with its place.
struct ConfigPhrase {
    let text: String
    let value: ConfigValue
}

/// `languages/TAG/phrases.yaml`: what people write, by what it means.
struct PhraseSettings {
    let tag: String
    let lists: [(meaning: Meaning, phrases: [ConfigPhrase])]

    private static let known =
        ["spam"] + TextClass.allCases.filter { $0 != .spam }.map(\.rawValue) + ["intents", "off_domain"]

    init?(tag: String, _ value: ConfigValue) {
        guard let fields = value.fields("phrases", Self.known) else { return nil }
        var lists: [(Meaning, [ConfigPhrase])] = []
        for kind in Meaning.Spam.allCases {
            guard let list = fields["spam"]?.fields("spam", Meaning.Spam.allCases.map(\.rawValue))?[kind.rawValue]
            else { continue }
            lists.append((.spam(kind), Self.phrases(list)))
        }
        for kind in TextClass.allCases where kind != .spam {
            if let list = fields[kind.rawValue] { lists.append((.class(kind), Self.phrases(list))) }
        }
        let intents = fields["intents"]?.fields("intents", Intent.allCases.map(\.rawValue))
        for intent in Intent.allCases {
            if let list = intents?[intent.rawValue] { lists.append((.intent(intent), Self.phrases(list))) }
        }
        if let list = fields["off_domain"] { lists.append((.offDomain, Self.phrases(list))) }
        self.tag = tag
        self.lists = lists
    }

    /// The phrases for the matcher; one of which nothing is left reports itself.
    func matched() -> [Phrase] {
        lists.flatMap { meaning, phrases in
            phrases.compactMap { phrase in
                let matched = Phrase(text: phrase.text, meaning: meaning, language: tag)
                guard matched.isFindable else {
                    phrase.value.fault(
                        "a phrase with letters, digits or signs that can be seen, * only at a word's end")
                    return nil
                }
                return matched
            }
        }
    }

    private static func phrases(_ value: ConfigValue) -> [ConfigPhrase] {
        (value.list("a list of phrases") ?? []).compactMap { item in
            item.text("a phrase").map { ConfigPhrase(text: $0, value: item) }
        }
    }
}
