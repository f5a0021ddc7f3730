import Instants
import TextRules

/// The answers of one market, by what finds them.
///
/// Problem: a market may bind hundreds of answers to single posts and products, and a decision may not look through them.
/// Choice: every rule stands under its narrowest condition, each list in the order in which rules are tried; a question is
/// looked for under its own post, product and campaigns and then everywhere. A rule bound to a post therefore beats one for
/// the product, that one for the campaign, that one for everywhere; among equals the narrower, then the first by name.
struct AnswerIndex: Sendable {
    enum Found {
        case rule(AnswerRule)
        /// The market answers this question, but not here or not now.
        case outOfScope
        case none
    }

    private struct Places: Sendable {
        var byPost: [String: [AnswerRule]] = [:]
        var byProduct: [String: [AnswerRule]] = [:]
        var byCampaign: [String: [AnswerRule]] = [:]
        var everywhere: [AnswerRule] = []
    }

    private let places: [Intent: Places]
    private let byPayload: [String: [AnswerRule]]
    let isEmpty: Bool

    init(_ rules: [AnswerRule]) {
        var places: [Intent: Places] = [:]
        var byPayload: [String: [AnswerRule]] = [:]
        let ordered = rules.sorted { ($1.scope.narrowness, $0.rule) < ($0.scope.narrowness, $1.rule) }
        for rule in ordered {
            for payload in rule.payloads { byPayload[payload, default: []].append(rule) }
            guard let intent = rule.intent else { continue }
            let scope = rule.scope
            if !scope.posts.isEmpty {
                for post in scope.posts { places[intent, default: Places()].byPost[post, default: []].append(rule) }
            } else if !scope.products.isEmpty {
                for sku in scope.products { places[intent, default: Places()].byProduct[sku, default: []].append(rule) }
            } else if !scope.campaigns.isEmpty {
                for name in scope.campaigns {
                    places[intent, default: Places()].byCampaign[name, default: []].append(rule)
                }
            } else {
                places[intent, default: Places()].everywhere.append(rule)
            }
        }
        self.places = places
        self.byPayload = byPayload
        isEmpty = rules.isEmpty
    }

    /// The rule that answers a question about `topic`; a few look-ups. `today` is asked for only by rules with days.
    func rule(for intent: Intent, _ topic: Topic, today: () -> CivilDate) -> Found {
        guard let places = places[intent] else { return .none }
        func first(_ rules: [AnswerRule]?) -> AnswerRule? {
            rules?.first { $0.scope.holds(at: topic) && ($0.scope.isAlways || $0.scope.holds(on: today())) }
        }
        for post in topic.posts { if let rule = first(places.byPost[post]) { return .rule(rule) } }
        if let sku = topic.sku, let rule = first(places.byProduct[sku]) { return .rule(rule) }
        for name in topic.campaigns { if let rule = first(places.byCampaign[name]) { return .rule(rule) } }
        return first(places.everywhere).map { .rule($0) } ?? .outOfScope
    }

    /// The one rule whose button bears this payload today; a button asks its question wherever it stands. Of two neither
    /// is right.
    func rule(forPayload payload: String, today: () -> CivilDate) -> AnswerRule? {
        let asked = (byPayload[payload] ?? []).filter { $0.scope.isAlways || $0.scope.holds(on: today()) }
        return asked.count == 1 ? asked.first : nil
    }
}

/// Posts and ads that belong together, such as those of one sale.
package struct Campaign: Sendable {
    package let name: String
    package let posts: Set<String>
    package let ads: Set<String>

    package init(name: String, posts: Set<String> = [], ads: Set<String> = []) {
        self.name = name
        self.posts = posts
        self.ads = ads
    }
}

/// The campaigns of a post or an ad, ascending by name.
struct CampaignIndex: Sendable {
    private let byPost: [String: [String]]
    private let byAd: [String: [String]]

    init(_ campaigns: [Campaign]) {
        var byPost: [String: [String]] = [:]
        var byAd: [String: [String]] = [:]
        for campaign in campaigns.sorted(by: { $0.name < $1.name }) {
            for post in campaign.posts { byPost[post, default: []].append(campaign.name) }
            for ad in campaign.ads { byAd[ad, default: []].append(campaign.name) }
        }
        self.byPost = byPost
        self.byAd = byAd
    }

    func names(posts: [String], ad: String) -> [String] {
        guard !byPost.isEmpty || !byAd.isEmpty else { return [] }
        var names = byAd[ad] ?? []
        for post in posts { for name in byPost[post] ?? [] where !names.contains(name) { names.append(name) } }
        return names
    }
}
