/// A reference by name, with the place where it stands, until all files are read and it can be looked up.
struct Named {
    let text: String
    let value: ConfigValue

    /// The reference if it leads somewhere; otherwise a fault at its place.
    func found(in known: Set<String>, _ kind: String) -> String? {
        if known.contains(text) { return text }
        value.fault("the name of a \(kind)", nearest: NearestWord.to(text, among: known))
        return nil
    }
}

extension ConfigValue {
    func named(_ expected: String) -> Named? {
        text(expected).map { Named(text: $0, value: self) }
    }

    /// Texts by language tag, such as `{de: "…", en: "…"}`.
    func textsByLanguage(_ what: String) -> [(language: Named, text: String, value: ConfigValue)] {
        entries("\(what) by language, such as {en: \"…\"}").compactMap { key, value in
            guard let tag = key.named("a language tag"), let text = value.text(what) else { return nil }
            return (tag, text, value)
        }
    }
}
