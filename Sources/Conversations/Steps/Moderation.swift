import Contracts
import Instants
import TextRules

/// Moderation (pipeline steps 4 to 7, DOMAIN 1c): safety, the criticism guard, spam, competitors' links.
///
/// Nothing is hidden or deleted unless all of this holds: the text rules have proof of spam or of a competitor's link; they
/// know the language and its guard is silent on the whole text; the text is whole; it stands in public; nobody complained
/// or bought in this conversation before; the market, the account and the rule are switched on. Everything else that looks
/// odd goes to a person. A comment whose edit takes the cause away is shown again.
extension Turn {
    static let spamRule = "moderation.spam"
    static let competitorRule = "moderation.competitor_link"

    /// What the text rules say about the words; nil for none.
    mutating func read(_ words: Words) -> Classification? {
        guard !words.text.isEmpty else { return nil }
        let said = rules.texts.classify(words.text, market: market.name, place: isPublic ? .comment : .message)
        result.spans += said.matches.prefix(max(0, Self.mostSpans - result.spans.count)).map { TextSpan($0) }
        noteLanguage(said.language, of: words.text)
        noteStanding(said)
        return said
    }

    /// True if the words are dealt with: nothing automatic answers them.
    mutating func moderate(_ words: Words, _ said: Classification, _ arrival: Arrival, isCut: Bool) -> Bool {
        if said.classes.contains(.threat) || said.classes.contains(.selfHarm) {
            escalateForSafety(words, arrival)
            return true
        }
        switch said.moderation {
        case .none: break
        case .person: return leaveToPerson(words, said, arrival)
        case .hide, .delete:
            return remove(words, said, arrival, isCut: isCut)
        }
        guard said.classes.contains(.sensitive) else { return false }
        // Politics, belief, health: people answer, or nobody (DOMAIN F3).
        list(words, arrival, isLate: arrival.isLate)
        result.rule = "sensitive"
        return true
    }

    /// Who has complained or asked after an order here stays a customer, whatever becomes of these words and whatever
    /// comes later.
    mutating func noteStanding(_ said: Classification) {
        if said.guard, !talk.aggrieved, said.classes.contains(.complaint) { talk.aggrieved = true }
        if isPublic, !talk.bought, said.intent == .orderStatus { talk.bought = true }
    }

    /// Whether somebody who writes here has bought. The shop's orders are asked only when something is about to be taken
    /// away, and what they say is kept.
    private mutating func hasBought(_ contact: String) -> Bool {
        if !talk.bought, !contact.isEmpty,
            let order = signals.read(SignalName.order(account: rules.account.id, contact: contact)),
            order.value != "off"
        {
            talk.bought = true
        }
        return talk.bought
    }

    /// A person looks at once, whatever the hour.
    private mutating func escalateForSafety(_ words: Words, _ arrival: Arrival) {
        cancelAutomaticTexts()
        list(words, arrival, isLate: arrival.isLate)
        result.rule = DeskTurn.safety
        tell(.escalation, .safety, rule: DeskTurn.safety, due: now)
    }

    private mutating func leaveToPerson(_ words: Words, _ said: Classification, _ arrival: Arrival) -> Bool {
        // A complaint that names a shop or a link is a complaint: it takes the ordinary way, and people see it.
        guard said.reason != .criticism else { return false }
        list(words, arrival, isLate: arrival.isLate)
        result.rule = "moderation.person.\(said.reason.rawValue)"
        return true
    }

    private mutating func remove(_ words: Words, _ said: Classification, _ arrival: Arrival, isCut: Bool) -> Bool {
        let isSpam = said.reason == .spam
        let rule = isSpam ? Self.spamRule : Self.competitorRule
        let mode = isSpam ? market.moderation.spam : market.moderation.competitorLinks
        guard mode != .off else { return false }
        guard isPublic, !words.comment.isEmpty, !isCut, !said.guard, !talk.aggrieved else {
            list(words, arrival, isLate: arrival.isLate)
            result.rule = "moderation.person.\(talk.aggrieved ? "aggrieved" : isCut ? "cut" : "private")"
            return true
        }
        guard !hasBought(words.contact) else {
            list(words, arrival, isLate: arrival.isLate)
            result.rule = "moderation.person.bought"
            return true
        }
        guard talk.comment(words.comment)?.kept != true else {
            list(words, arrival, isLate: arrival.isLate)
            result.rule = "moderation.person.kept"
            return true
        }
        guard mode != .shadow, automationIsOn(rule: rule) else {
            list(words, arrival, isLate: arrival.isLate)
            result.rule = "shadow.\(rule)"
            return true
        }
        if talk.comment(words.comment)?.hidden == true {
            result.rule = rule
            return true
        }
        let isDeleted = isSpam && mode == .delete && said.moderation == .delete
        moderateComment(isDeleted ? .delete : .hide, rule, words)
        noteComment(words.comment) {
            $0.answered = true
            $0.hidden = !isDeleted
        }
        result.rule = rule
        result.language = said.language ?? ""
        return true
    }

    /// An edit took the cause away: what automation hid is shown again.
    mutating func showAgain(_ words: Words) -> Bool {
        guard talk.comment(words.comment)?.hidden == true else { return false }
        moderateComment(.unhide, "moderation.undo", words)
        noteComment(words.comment) {
            $0.hidden = false
            $0.answered = false
        }
        talk.list(since: now)
        result.rule = "moderation.undo"
        return true
    }

    private mutating func moderateComment(_ kind: Action.Kind, _ rule: String, _ words: Words) {
        noteComment(words.comment) { $0.touched = true }
        let action = act(kind, .adModeration) { action in
            action.comment = words.comment
            action.contact = words.contact
            action.orderKey = words.comment
            action.rule = rule
        }
        var pending = PendingAction()
        pending.idHigh = action.high
        pending.idLow = action.low
        pending.kind = UInt32(clamping: kind.rawValue)
        pending.subject = StableHash.hash(words.comment)
        pending.automatic = true
        if talk.pending.count >= Self.mostPending { talk.pending.removeFirst() }
        talk.pending.append(pending)
    }

    /// A comment that could not be hidden or deleted is a person's.
    mutating func moderationFailed(_ pending: PendingAction) -> Bool {
        guard pending.kind == UInt32(Action.Kind.hide.rawValue) || pending.kind == UInt32(Action.Kind.delete.rawValue)
        else { return false }
        if let mark = talk.comments.first(where: { StableHash.hash($0.id) == pending.subject }) {
            noteComment(mark.id) {
                $0.hidden = false
                $0.answered = false
            }
        }
        talk.list(since: now)
        return true
    }

    /// The language of the newest text that tells it (DOMAIN 5.7, edge case 30). The market's own needs no note.
    private mutating func noteLanguage(_ tag: String?, of text: String) {
        let strongest = Evidence.Provenance.text.rawValue
        guard let tag, rules.languages[tag] != nil,
            !talk.hasLanguage || talk.language.provenance.rawValue <= strongest
        else { return }
        let isMarkets = tag == market.language || tag.prefix { $0 != "-" } == market.language.prefix { $0 != "-" }
        // The market's own needs no note, but where a profile may come later: it must not outweigh what was written.
        let isNoted = !isMarkets || rules.channel.asksProfiles
        guard isNoted || talk.hasLanguage, Self.tellsLanguage(text) else { return }
        guard isNoted else { return talk.clearLanguage() }
        let value = isMarkets ? market.language : tag
        guard talk.language.value != value || talk.language.provenance != .text else { return }
        var evidence = Evidence()
        evidence.value = value
        evidence.provenance = .text
        evidence.day = UInt32(clamping: now.seconds / 86_400)
        talk.language = evidence
    }

    /// Enough letters: twelve bytes beyond what is ASCII punctuation, or some words.
    private static func tellsLanguage(_ text: String) -> Bool {
        var letters = 0
        for byte in text.utf8 where byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) {
            letters += 1
            if letters >= 12 { return true }
        }
        return false
    }
}
