internal import Conversations
internal import TextRules

/// One rule of `rules/faq.yaml`: which question it answers, where and when. Phrases and texts are the languages'.
struct FAQSettings {
    let name: String
    let value: ConfigValue
    let intent: Intent
    let scope: AnswerScope

    private static let keys = ["intent", "posts", "products", "campaigns", "from", "until"]

    static func read(_ root: ConfigValue) -> [FAQSettings] {
        root.entries("rules by name").compactMap { key, value in
            guard let name = key.text("the name of a rule") else { return nil }
            guard ConfigNames.isPlain(String(name.map { $0 == "_" ? "-" : $0 })) else {
                key.fault("a rule name [a-z0-9_-]{1,40}")
                return nil
            }
            guard let fields = value.fields("a rule", keys) else { return nil }
            func texts(_ key: String, _ what: String) -> Set<String> {
                Set((fields[key]?.list("a list of \(what)") ?? []).compactMap { $0.text(what) })
            }
            let scope = AnswerScope(
                posts: texts("posts", "ids of posts"), products: texts("products", "ids of products"),
                campaigns: texts("campaigns", "ids of campaigns"), from: fields["from"]?.date(),
                until: fields["until"]?.date())
            guard let intent = fields.required("intent")?.word(Intent.self) else { return nil }
            return FAQSettings(name: name, value: key, intent: intent, scope: scope)
        }
    }
}
