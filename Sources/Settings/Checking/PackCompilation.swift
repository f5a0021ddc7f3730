internal import Replies

/// From a language's files to its pack; faults are reported at the text they are about.
enum PackCompilation {
    /// A regional pack such as es-MX takes from its language what it does not have itself.
    static func pack(of language: LanguageSettings, among all: [LanguageSettings]) -> LanguagePack {
        var texts = language.texts
        var kinds = language.kinds
        var disclosure = language.disclosure
        var regret = language.regret
        if let parent = all.first(where: { $0.tag == base(language.tag) && $0.tag != language.tag }) {
            texts.merge(parent.texts) { own, _ in own }
            kinds.merge(parent.kinds) { own, _ in own }
            disclosure += parent.disclosure
            regret += parent.regret
        }
        let (pack, faults) = LanguagePack.compile(
            tag: language.tag, words: language.words, money: language.money,
            templates: texts.mapValues { $0.map(\.text) },
            disclosure: disclosure, regret: regret)
        for fault in faults {
            let values = texts[fault.kind] ?? []
            let variant = fault.variant.flatMap { values.indices.contains($0) ? values[$0].value : nil }
            (variant ?? kinds[fault.kind])?.fault(fault.expected, got: fault.came)
        }
        return pack
    }

    static func base(_ tag: String) -> String {
        String(tag.split(separator: "-").first ?? Substring(tag))
    }
}
