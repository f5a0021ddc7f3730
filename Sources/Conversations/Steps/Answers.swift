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
    /// How long the ad that brought a customer, or the product that they showed, tells what is asked.
    private static let adHolds = Duration.seconds(86_400)

    /// True if an answer was made; the rule is then in the result.
    mutating func answer(_ words: Words, _ said: Classification?, _ arrival: Arrival) -> Bool {
        guard !market.questions.isEmpty, let asked = question(of: words, said) else { return false }
        let rule = asked.rule
        guard words.comment.isEmpty ? rule.answersMessages : rule.answersComments else {
            return abstain(rule, words.comment.isEmpty ? "messages are not answered" : "comments are not answered")
        }
        let end = answered(words, until: windowCloses ?? staleAfter(arrival.happened), arrival)
        guard windowIsOpen, now < staleAfter(arrival.happened), now < end || !words.isLive else {
            return abstain(rule, "too late")
        }
        guard talk.foreignUntil <= now.milliseconds else { return abstain(rule, "another app writes here") }
        guard automationIsOn(rule: rule.rule) else { return abstain(rule, "switched off") }
        if rule.intent == .orderStatus { return answerOrder(rule, words, arrival) }
        guard let content = content(of: asked) else { return false }
        let (kind, slots) = (content.kind, content.slots)
        guard let text = render(kind, slots) else {
            let isFactMissing = slots.answer == nil && slots.product == nil
            return abstain(rule, isFactMissing ? "no fact in \(languagePack.tag)" : "every text was said")
        }
        let saying = Saying(
            text: text, class: .answer, rule: rule.rule, notAfter: end, contact: words.contact,
            comment: words.comment, subject: words.subject, kind: kind, agent: "",
            further: address(of: content.product) + furtherQuestion(after: text, slots))
        _ = say(saying)
        if let product = content.product { show(product, beside: saying) }
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

    /// Remembers the products that the customer shows: "is this still there?" may stand in the next message.
    mutating func noteProducts(_ products: [String], _ arrival: Arrival) {
        guard !products.isEmpty, arrival.happened.milliseconds >= talk.productsAt else { return }
        talk.products = products
        talk.productsAt = arrival.happened.milliseconds
    }

    /// What the words stand under.
    func topic(of words: Words) -> Topic {
        var topic = Topic()
        if words.comment.isEmpty {
            if talk.adAt > 0, now - Instant(milliseconds: talk.adAt) < Self.adHolds { topic.ad = talk.ad }
            // An ad that they followed since shows something else.
            if talk.productsAt > 0, talk.productsAt >= talk.adAt,
                now - Instant(milliseconds: talk.productsAt) < Self.adHolds
            {
                topic.products = talk.products
            }
        } else {
            topic.ad = words.ad
            if let original = id.parts.dropFirst().first { topic.posts = [original] }
            if !words.post.isEmpty, !topic.posts.contains(words.post) { topic.posts.append(words.post) }
        }
        topic.campaigns = market.campaigns.names(posts: topic.posts, ad: topic.ad)
        return topic
    }

    /// A question with the rule that answers it and the product that it is about.
    private struct Asked {
        let rule: AnswerRule
        var meant = ProductList.Meant.none
    }

    /// The one question that the words ask; nil for none and for several.
    private mutating func question(of words: Words, _ said: Classification?) -> Asked? {
        // An `AccountRules` is a reference, so reading it does not touch what changes here.
        let (now, zone) = (now, rules.zone)
        let today = { zone.localTime(of: now).date }
        if !words.payload.isEmpty, let rule = market.questions.rule(forPayload: words.payload, today: today) {
            return Asked(rule: rule, meant: market.products?.meant(by: nil, topic(of: words)) ?? .none)
        }
        // Who asks for a person gets one, not an answer.
        guard let said, !said.classes.contains(.personWanted), let intent = said.intent else { return nil }
        var topic = topic(of: words)
        let meant = market.products?.meant(by: said.form, topic) ?? .none
        if case .one(let product, let found) = meant {
            topic.sku = product.sku
            if let found { note(found, product) }
        }
        switch market.questions.rule(for: intent, topic, today: today) {
        case .rule(let rule): return Asked(rule: rule, meant: meant)
        case .outOfScope: result.abstained = "\(intent.rawValue): not here, or not today"
        case .none: break
        }
        return nil
    }

    /// What answers: a text of the pack, what fills it, and the product of the list that it speaks of.
    private struct Content {
        let kind: ReplyKind
        let slots: ReplySlots
        var product: Product?
    }

    /// Which text answers, filled with what; nil, and the reason in the result, if nothing does.
    private mutating func content(of asked: Asked) -> Content? {
        let (rule, zone) = (asked.rule, customerZone)
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand,
            answer: rule.facts[languagePack.tag])
        guard rule.usesProducts, let intent = rule.intent else { return Content(kind: rule.kind, slots: slots) }
        switch asked.meant {
        case .none where slots.answer != nil: return Content(kind: rule.kind, slots: slots)
        case .unknown: _ = abstain(rule, "the product that is shown is not in the list")
        case .none: _ = abstain(rule, "no product of the list is meant")
        case .several: _ = abstain(rule, "several products are meant")
        case .one(let product, _):
            switch fact(of: product, for: intent, slots) {
            case .text(let kind, let slots): return Content(kind: kind, slots: slots, product: product)
            case .nothing(let reason): _ = abstain(rule, reason)
            }
        }
        return nil
    }

    private mutating func note(_ found: NameFinder.Found, _ product: Product) {
        guard result.spans.count < Self.mostSpans else { return }
        var span = TextSpan()
        span.class = "product"
        span.rule = product.sku
        span.start = UInt32(clamping: found.start)
        span.end = UInt32(clamping: found.end)
        result.spans.append(span)
    }

    mutating func abstain(_ rule: AnswerRule, _ reason: String) -> Bool {
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
