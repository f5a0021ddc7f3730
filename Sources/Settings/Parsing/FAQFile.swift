internal import Conversations
internal import TextRules

/// One rule of `rules/faq.yaml`: which question it answers, where and when. Phrases and texts are the languages'.
struct FAQSettings {
    let name: String
    let intent: Intent
    let scope: AnswerScope
    /// The campaigns of the scope with their places.
    let campaigns: [Named]

    private static let keys = ["intent", "posts", "products", "campaigns", "from", "until"]

    static func read(_ root: ConfigValue) -> [FAQSettings] {
        root.entries("rules by name").compactMap { key, value in
            guard let name = ConfigNames.rule(key), let fields = value.fields("a rule", keys) else { return nil }
            func ids(_ key: String, _ what: String) -> Set<String> {
                guard let field = fields[key] else { return [] }
                return Set(field.ids("a list of at least one id of \(what)").map(\.text))
            }
            let campaigns = fields["campaigns"]?.ids("a list of at least one campaign") ?? []
            let (from, until) = (fields["from"]?.date(), fields["until"]?.date())
            if let from, let until, until < from {
                fields["until"]?.fault("a last day that is not before the first")
            }
            let scope = AnswerScope(
                posts: ids("posts", "posts"), products: ids("products", "products"),
                campaigns: Set(campaigns.map(\.text)), from: from, until: until)
            guard let intent = fields.required("intent")?.word(Intent.self) else { return nil }
            return FAQSettings(name: name, intent: intent, scope: scope, campaigns: campaigns)
        }
    }
}

/// One campaign of `rules/campaigns.yaml`: the posts and ads that belong to it.
enum CampaignFile {
    private static let keys = ["posts", "ads"]

    static func read(_ root: ConfigValue) -> [Campaign] {
        root.entries("campaigns by name").compactMap { key, value in
            guard let name = ConfigNames.rule(key), let fields = value.fields("a campaign", keys) else { return nil }
            func ids(_ key: String) -> Set<String> {
                Set(fields[key]?.ids("a list of at least one id").map(\.text) ?? [])
            }
            if fields["posts"] == nil, fields["ads"] == nil { value.fault("posts, ads or both of a campaign") }
            return Campaign(name: name, posts: ids("posts"), ads: ids("ads"))
        }
    }
}

extension ConfigNames {
    /// The name of a rule or campaign; nil, and a fault, for what is none.
    static func rule(_ key: ConfigValue) -> String? {
        guard let name = key.text("a name") else { return nil }
        guard isPlain(String(name.map { $0 == "_" ? "-" : $0 })) else {
            key.fault("a name [a-z0-9_-]{1,40}")
            return nil
        }
        return name
    }
}

extension ConfigValue {
    /// Ids as the platform writes them, at least one: an empty list would mean everywhere.
    func ids(_ expected: String) -> [Named] {
        guard let list = list(expected) else { return [] }
        if list.isEmpty { fault(expected, got: "an empty list") }
        return list.compactMap { $0.named("an id") }
    }
}
