internal import Conversations
internal import Replies
internal import TextRules

/// From a market's `faq` and the rules that it names to answers; what contradicts itself is reported at its place.
enum AnswerCheck {
    /// The platform shows no more.
    private static let mostIceBreakers = 4

    static func answers(
        of market: MarketSettings, _ parsed: ParsedConfig, _ names: CheckedConfig.Names
    ) -> [AnswerRule] {
        var answers: [(rule: AnswerRule, place: Named)] = []
        for settings in market.answers {
            guard let rule = answer(of: settings, market, parsed, names) else { continue }
            for (earlier, _) in answers { contradict(earlier, rule, settings) }
            answers.append((rule, settings.rule))
            if !rule.iceBreaker.isEmpty, answers.filter({ !$0.rule.iceBreaker.isEmpty }).count == mostIceBreakers + 1 {
                settings.rule.value.fault("at most \(mostIceBreakers) answers with an ice_breaker", got: "one more")
            }
        }
        return answers.map(\.rule)
    }

    private static func answer(
        of answer: MarketSettings.AnswerSettings, _ market: MarketSettings, _ parsed: ParsedConfig,
        _ names: CheckedConfig.Names
    ) -> AnswerRule? {
        guard let name = answer.rule.found(in: names.rules, "rule of rules/faq.yaml") else { return nil }
        var facts: [String: String] = [:]
        for (language, text, value) in answer.facts {
            guard let tag = language.found(in: names.languages, "language") else { continue }
            if let (expected, came) = LanguagePack.redirect(in: text) { value.fault(expected, got: came) }
            facts[tag] = text
        }
        guard let faq = parsed.rules.first(where: { $0.name == name }) else { return nil }
        if answer.usesProducts, market.products == nil || ![.price, .stock].contains(faq.intent) {
            answer.rule.value.fault(
                "source: products only for price and stock, in a market that names its products",
                got: market.products == nil ? "no products" : faq.intent.rawValue)
        }
        if facts[market.language.text] == nil, faq.intent != .orderStatus, !answer.usesProducts {
            answer.rule.value.fault("a fact in \(market.language.text), the market's language", got: "none")
        }
        return AnswerRule(
            rule: "faq.\(name)", intent: faq.intent, scope: faq.scope, facts: facts,
            answersMessages: answer.answersMessages, answersComments: answer.answersComments,
            payloads: answer.payloads, iceBreaker: answer.iceBreaker, usesProducts: answer.usesProducts)
    }

    /// Of two answers to one question in one place on one day nobody could say which is given; nor of two buttons.
    private static func contradict(
        _ earlier: AnswerRule, _ later: AnswerRule, _ settings: MarketSettings.AnswerSettings
    ) {
        guard earlier.scope.overlaps(later.scope) else { return }
        let samePlace =
            earlier.scope.posts == later.scope.posts && earlier.scope.products == later.scope.products
            && earlier.scope.campaigns == later.scope.campaigns
        let sameDays = earlier.scope.isAlways == later.scope.isAlways
        if earlier.rule == later.rule {
            settings.rule.value.fault("each rule once in a market")
        } else if earlier.intent == later.intent, samePlace, sameDays {
            settings.rule.value.fault(
                "another scope or other days than those of \(earlier.rule.dropFirst(4)), which answers the same question"
            )
        }
        for payload in later.payloads where earlier.payloads.contains(payload) {
            settings.rule.value.fault("a payload that no other answer has", got: "\"\(payload)\"")
        }
    }
}
