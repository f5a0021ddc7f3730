import Contracts
import Instants
import Replies

/// Questions about an order (DOMAIN N12, N18): what concerns one customer is spoken of in private, and looked up by a person.
extension Turn {
    /// A platform lets a private message follow a comment for this long.
    private static let privateReplyHolds = Duration.seconds(7 * 86_400)

    /// In a message: asks for what a person needs to look the order up. Under a post: a private message to the author, then a
    /// public word that says so and holds nothing of theirs. The question stays before the team in any case.
    mutating func answerOrder(_ rule: AnswerRule, _ words: Words, _ arrival: Arrival) -> Bool {
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand)
        guard let text = render(.orderStatus, slots) else {
            return abstain(rule, "every text was said")
        }
        list(words, arrival, isLate: arrival.isLate)
        watchFirstResponse(since: arrival.happened)
        result.rule = rule.rule
        result.language = languageTag
        let end = answered(words, until: windowCloses ?? staleAfter(arrival.happened), arrival)
        let privateEnd = answered(words, until: arrival.happened + Self.privateReplyHolds, arrival)
        func saying(_ text: String, _ kind: ReplyKind) -> Saying {
            Saying(
                text: text, class: .answer, rule: rule.rule, notAfter: end, contact: words.contact,
                comment: words.comment, subject: words.subject, kind: kind, agent: "")
        }
        guard !words.comment.isEmpty else {
            _ = say(saying(text, .orderStatus))
            return true
        }
        guard talk.comment(words.comment)?.toldPrivately != true, now < privateEnd,
            let pointer = render(.orderStatusPublic, slots)
        else { return true }
        sayPrivately(text, about: words, rule: rule.rule, until: privateEnd)
        _ = say(saying(pointer, .orderStatusPublic))
        return true
    }

    /// The one private message about a comment, ever (invariant I5). It begins a conversation, so it discloses.
    private mutating func sayPrivately(_ text: String, about words: Words, rule: String, until end: Instant) {
        let language = languageTag
        let line = market.disclosure.messages ? disclosureLine().map { $0 + "\n" } ?? "" : ""
        // The platform takes one private message for a comment, so this cannot go in pieces.
        let limit = rules.channel.textLimit
        let isTooLong = !limit.holds(line + text)
        if isTooLong { result.cutFrom = UInt32(clamping: limit.length(of: line + text)) }
        let whole = isTooLong ? limit.marked(line + text) : line + text
        let action = act(.privateReply, .answer) { action in
            action.text = whole
            action.rule = rule
            action.contact = words.contact
            action.comment = words.comment
            action.notAfter = end.milliseconds
            action.language = language
        }
        noteComment(words.comment) { $0.toldPrivately = true }
        var pending = PendingAction()
        pending.idHigh = action.high
        pending.idLow = action.low
        pending.kind = UInt32(clamping: Action.Kind.privateReply.rawValue)
        pending.subject = words.subject
        pending.automatic = true
        keep(pending)
    }
}
