package import Instants
package import Replies
package import TextRules

/// One frequent question that is answered automatically.
package struct AnswerRule: Sendable {
    /// `faq.<name>`: the rule in the result.
    package let rule: String
    /// The question; nil for a rule that only buttons ask.
    package let intent: Intent?
    package let scope: AnswerScope
    /// The fact that fills the text's `answer` slot, by language tag. A language that is missing here gets the texts
    /// of its pack that need no fact.
    package let facts: [String: String]
    package let answersMessages: Bool
    package let answersComments: Bool
    /// Payloads of buttons and ice breakers that ask this question.
    package let payloads: [String]
    /// The question of an ice breaker that asks this, by the platform's locale, `default` among them; empty: none does.
    package let iceBreaker: [String: String]
    /// The market's product list answers where a product is meant; the facts only where none is.
    package let usesProducts: Bool
    /// Which texts of a pack answer it.
    package let kind: ReplyKind

    package init(
        rule: String, intent: Intent? = nil, scope: AnswerScope = AnswerScope(), facts: [String: String] = [:],
        answersMessages: Bool = true, answersComments: Bool = true, payloads: [String] = [],
        iceBreaker: [String: String] = [:], usesProducts: Bool = false
    ) {
        self.rule = rule
        let intent = intent ?? (rule.hasPrefix("faq.") ? Intent(rawValue: String(rule.dropFirst(4))) : nil)
        self.intent = intent
        self.scope = scope
        self.facts = facts
        self.answersMessages = answersMessages
        self.answersComments = answersComments
        self.iceBreaker = iceBreaker
        self.payloads = payloads.isEmpty && !iceBreaker.isEmpty ? ["ns1:\(rule)"] : payloads
        self.usesProducts = usesProducts
        kind = intent.map { ReplyKind.faq($0.rawValue) } ?? ReplyKind(rule)
    }

    /// What comes back when the ice breaker is pressed: the first button's payload, so that both ask the same.
    package var iceBreakerPayload: String { payloads.first ?? "" }
}

/// Where and when a question is answered automatically.
///
/// Each list that is not empty is a condition, and all of them must hold: `posts` and `campaigns` together mean those posts
/// while they belong to those campaigns.
package struct AnswerScope: Sendable, Hashable {
    /// Ids of posts, original or of an ad.
    package let posts: Set<String>
    /// SKUs of the product that is asked about.
    package let products: Set<String>
    /// Names of `rules/campaigns.yaml`.
    package let campaigns: Set<String>
    /// First and last day in the market's zone; nil: no bound.
    package let from: CivilDate?
    package let until: CivilDate?

    package init(
        posts: Set<String> = [], products: Set<String> = [], campaigns: Set<String> = [], from: CivilDate? = nil,
        until: CivilDate? = nil
    ) {
        self.posts = posts
        self.products = products
        self.campaigns = campaigns
        self.from = from
        self.until = until
    }

    package var isEverywhere: Bool { posts.isEmpty && products.isEmpty && campaigns.isEmpty }

    package var isAlways: Bool { from == nil && until == nil }

    /// Some day lies in both.
    package func overlaps(_ other: AnswerScope) -> Bool {
        let first = [from, other.from].compactMap { $0 }.max()
        let last = [until, other.until].compactMap { $0 }.min()
        guard let first, let last else { return true }
        return first <= last
    }

    func holds(on date: CivilDate) -> Bool {
        (from.map { $0 <= date } ?? true) && (until.map { date <= $0 } ?? true)
    }

    func holds(at topic: Topic) -> Bool {
        (posts.isEmpty || topic.posts.contains { posts.contains($0) })
            && (campaigns.isEmpty || topic.campaigns.contains { campaigns.contains($0) })
            && (products.isEmpty || topic.sku.map { products.contains($0) } == true)
    }

    /// More conditions go first: a rule for one post in one week beats the rule for always and everywhere.
    var narrowness: Int {
        (posts.isEmpty ? 0 : 8) + (products.isEmpty ? 0 : 4) + (campaigns.isEmpty ? 0 : 2) + (isAlways ? 0 : 1)
    }
}

/// What a question stands under: its post, the campaigns of that post or ad, the product that is asked about.
struct Topic {
    /// The post as the platform named it and its original; empty in a direct thread.
    var posts: [String] = []
    /// The ad that it stands under or that brought the customer; empty: none is known.
    var ad = ""
    var campaigns: [String] = []
    /// Ids of the products that the customer shows or lately showed, those of the shop and those of the platform.
    var products: [String] = []
    /// Nil: none is known, or several are meant.
    var sku: String?
}
