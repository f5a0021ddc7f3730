internal import TextRules

/// One rule of `rules/faq.yaml`: the phrases that ask a frequent question, and the texts that answer it.
struct FAQSettings {
    let name: String
    let value: ConfigValue
    let intent: Intent
    let phrases: [(language: Named, phrases: [ConfigPhrase])]
    let answers: [(language: Named, texts: [ConfigPhrase])]

    /// DESIGN.md, *classify*.
    enum Intent: String, CaseIterable {
        case price
        case size
        case stock
        case shippingCost = "shipping_cost"
        case shippingTime = "shipping_time"
        case orderStatus = "order_status"
        case returns
        case openingHours = "opening_hours"
        case location
    }

    /// A text with its place.
    struct ConfigPhrase {
        let text: String
        let value: ConfigValue
    }

    static func read(_ root: ConfigValue) -> [FAQSettings] {
        root.entries("rules by name").compactMap { key, value in
            guard let name = key.text("the name of a rule") else { return nil }
            guard ConfigNames.isPlain(String(name.map { $0 == "_" ? "-" : $0 })) else {
                key.fault("a rule name [a-z0-9_-]{1,40}")
                return nil
            }
            guard let fields = value.fields("a rule", ["intent", "phrases", "answers"]) else { return nil }
            let intent = fields.required("intent")?.word(Intent.self)
            let phrases = fields.required("phrases").map { lists($0, "phrases") }
            let answers = fields.required("answers").map { lists($0, "answers") }
            guard let intent, let phrases, let answers else { return nil }
            return FAQSettings(name: name, value: key, intent: intent, phrases: phrases, answers: answers)
        }
    }

    /// The phrases of all languages for the matcher; one of which nothing is left reports itself.
    func matched() -> [Phrase] {
        phrases.flatMap { _, phrases in
            phrases.compactMap { phrase in
                let made = Phrase(text: phrase.text, rule: "faq.\(name)", class: intent.rawValue)
                if phrase.text.dropLast().contains("*") {
                    phrase.value.fault("a * only at the end of a phrase")
                    return nil
                }
                if PhraseMatcher(phrases: [made]).isEmpty {
                    phrase.value.fault("a phrase with letters, digits or signs that can be seen")
                    return nil
                }
                return made
            }
        }
    }

    private static func lists(_ value: ConfigValue, _ what: String) -> [(Named, [ConfigPhrase])] {
        value.entries("\(what) by language").compactMap { key, list in
            guard let language = key.named("a language tag") else { return nil }
            let texts = (list.list("a list of \(what)") ?? []).compactMap { item in
                item.text("a text").map { ConfigPhrase(text: $0, value: item) }
            }
            return (language, texts)
        }
    }
}
