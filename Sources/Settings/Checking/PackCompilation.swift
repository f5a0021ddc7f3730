internal import Replies

/// From a language's files and the answers of the rules to its pack; faults are reported at the text they are about.
enum PackCompilation {
    static func pack(of language: LanguageSettings, rules: [FAQSettings]) -> LanguagePack {
        var texts = language.texts
        var kinds = language.kinds
        for rule in rules {
            let answers = answers(of: rule, in: language.tag)
            guard !answers.isEmpty else { continue }
            texts[.faq(rule.name)] = answers
            kinds[.faq(rule.name)] = rule.value
        }
        let (pack, faults) = LanguagePack.compile(
            tag: language.tag, words: language.words, templates: texts.mapValues { $0.map(\.text) },
            disclosure: language.disclosure)
        for fault in faults {
            let values = texts[fault.kind] ?? []
            let variant = fault.variant.flatMap { values.indices.contains($0) ? values[$0].value : nil }
            (variant ?? kinds[fault.kind])?.fault(fault.expected, got: fault.came)
        }
        return pack
    }

    /// The answers in a language, or in the language of its region: es-MX answers in the texts of es unless it has
    /// its own.
    static func answers(of rule: FAQSettings, in tag: String) -> [FAQSettings.ConfigPhrase] {
        let own = rule.answers.first { $0.language.text == tag }?.texts
        return own ?? rule.answers.first { $0.language.text == base(tag) }?.texts ?? []
    }

    static func base(_ tag: String) -> String {
        String(tag.split(separator: "-").first ?? Substring(tag))
    }
}
