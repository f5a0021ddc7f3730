import BusinessTime
import Contracts
import Instants
import Replies
import TextRules

/// Frequent questions, recognised by phrases (pipeline step 9).
///
/// A text that speaks for exactly one question of the market is answered by the narrowest rule whose scope and days hold;
/// one that speaks for two goes to a person, since half an answer is none. The same text is never said twice in a
/// conversation: when the variants are used up, the question is a person's. Why a question that was recognised got no
/// answer stands in the result.
extension Turn {
    /// A result shows the first hits; the rest would only repeat them.
    static let mostSpans = 16
    /// How long the ad that brought a customer tells what is asked.
    private static let adHolds = Duration.seconds(86_400)

    /// True if an answer was made; the rule is then in the result.
    mutating func answer(_ words: Words, _ said: Classification?, _ arrival: Arrival) -> Bool {
        guard !market.questions.isEmpty, let rule = question(of: words, said) else { return false }
        guard words.comment.isEmpty ? rule.answersMessages : rule.answersComments else {
            return abstain(rule, words.comment.isEmpty ? "messages are not answered" : "comments are not answered")
        }
        guard windowIsOpen, now < staleAfter(arrival.happened) else { return abstain(rule, "too late") }
        guard talk.foreignUntil <= now.milliseconds else { return abstain(rule, "another app writes here") }
        guard automationIsOn(rule: rule.rule) else { return abstain(rule, "switched off") }
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand,
            answer: rule.facts[languagePack.tag])
        guard let text = render(rule.kind, slots, repeats: false) else {
            return abstain(rule, slots.answer == nil ? "no fact in \(languagePack.tag)" : "every text was said")
        }
        _ = say(
            Saying(
                text: text, class: .answer, rule: rule.rule,
                notAfter: windowCloses ?? staleAfter(arrival.happened), contact: words.contact,
                comment: words.comment, subject: words.subject, kind: rule.kind, agent: ""))
        result.rule = rule.rule
        result.language = languageTag
        return true
    }

    /// Remembers the ad that brought the customer to a direct thread.
    mutating func noteAd(_ ad: String, _ arrival: Arrival) {
        guard !ad.isEmpty, arrival.happened.milliseconds >= talk.adAt else { return }
        talk.ad = ad
        talk.adAt = arrival.happened.milliseconds
    }

    /// What the words stand under.
    func topic(of words: Words) -> Topic {
        var topic = Topic()
        if words.comment.isEmpty {
            if talk.adAt > 0, now - Instant(milliseconds: talk.adAt) < Self.adHolds { topic.ad = talk.ad }
        } else {
            topic.ad = words.ad
            if let original = id.parts.dropFirst().first { topic.posts = [original] }
            if !words.post.isEmpty, !topic.posts.contains(words.post) { topic.posts.append(words.post) }
        }
        topic.campaigns = market.campaigns.names(posts: topic.posts, ad: topic.ad)
        return topic
    }

    /// The one question that the words ask; nil for none and for several.
    private mutating func question(of words: Words, _ said: Classification?) -> AnswerRule? {
        // An `AccountRules` is a reference, so reading it does not touch what changes here.
        let (now, zone) = (now, rules.zone)
        let today = { zone.localTime(of: now).date }
        if !words.payload.isEmpty, let rule = market.questions.rule(forPayload: words.payload, today: today) {
            return rule
        }
        // Who asks for a person gets one, not an answer.
        guard let said, !said.classes.contains(.personWanted), let intent = said.intent else { return nil }
        switch market.questions.rule(for: intent, topic(of: words), today: today) {
        case .rule(let rule): return rule
        case .outOfScope: result.abstained = "\(intent.rawValue): not here, or not today"
        case .none: break
        }
        return nil
    }

    private mutating func abstain(_ rule: AnswerRule, _ reason: String) -> Bool {
        result.abstained = "\(rule.rule): \(reason)"
        return false
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
