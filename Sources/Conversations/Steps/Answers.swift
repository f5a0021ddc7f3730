import Contracts
import Instants
import Replies
import TextRules

/// Frequent questions, recognised by phrases (pipeline step 9).
///
/// A text that speaks for exactly one question of the market is answered; one that speaks for two goes to a person, since
/// half an answer is none. The same text is never said twice in a conversation: when the variants are used up, the
/// question is a person's.
extension Turn {
    /// A result shows the first hits; the rest would only repeat them.
    static let mostSpans = 16

    /// True if an answer was made; the rule is then in the result.
    mutating func answer(_ words: Words, _ said: Classification?, _ arrival: Arrival) -> Bool {
        guard !market.answers.isEmpty, let rule = question(of: words, said) else { return false }
        guard words.comment.isEmpty ? rule.answersMessages : rule.answersComments else { return false }
        guard windowIsOpen, now < staleAfter(arrival.happened), talk.foreignUntil <= now.milliseconds,
            automationIsOn(rule: rule.rule)
        else { return false }
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand,
            answer: rule.facts[languagePack.tag])
        let kind = rule.intent.map { ReplyKind.faq($0.rawValue) } ?? ReplyKind(rule.rule)
        guard let text = render(kind, slots, repeats: false) else { return false }
        _ = say(
            Saying(
                text: text, class: .answer, rule: rule.rule,
                notAfter: windowCloses ?? staleAfter(arrival.happened), contact: words.contact,
                comment: words.comment, subject: words.subject, agent: ""))
        result.rule = rule.rule
        result.language = languageTag
        return true
    }

    /// The one question that the words ask; nil for none and for several.
    private func question(of words: Words, _ said: Classification?) -> AnswerRule? {
        if !words.payload.isEmpty {
            let asked = market.answers.values.filter { $0.payloads.contains(words.payload) }
            // Of two rules with one payload neither is right, so no order is needed.
            if asked.count == 1 { return asked[0] }
        }
        // Who asks for a person gets one, not an answer.
        guard let said, !said.classes.contains(.personWanted) else { return nil }
        return said.intent.flatMap { market.answer(to: $0) }
    }
}

extension TextSpan {
    init(_ match: PhraseMatch) {
        self.init()
        `class` = match.class
        rule = match.rule
        start = UInt32(clamping: match.start)
        end = UInt32(clamping: match.end)
    }
}
