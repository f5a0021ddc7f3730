import Contracts
import Instants
import TextRules

/// What others do with our threads and comments, as the platform tells it: another app or a person in the platform's inbox
/// owns a thread, somebody hides a comment by hand, somebody names us elsewhere.
///
/// News come late and in any order. So a thread keeps two instants, of the newest thing that others did and of the newest
/// return to us, and the later one says whose it is, whichever came first. How it fails: a return that arrives after news
/// of a later loss does not shorten what was held before it; then automation keeps silent for longer than it must.
extension Turn {
    mutating func decide(control: ThreadControl, _ arrival: Arrival) {
        if control.ours, control.verb != .requested {
            released(at: arrival.happened)
            result.rule = "thread.ours"
            return
        }
        switch control.verb {
        case .passed, .taken:
            if foreign(since: arrival.happened, for: rules.channel.inboxHold) {
                talk.threadApp = control.app
                cancelAutomaticTexts()
            }
            result.rule = "thread.foreign"
        case .requested, .unspecified, .UNRECOGNIZED:
            // The owner decides by the platform's own settings; people see that somebody asked.
            result.rule = "thread.requested"
        }
    }

    /// The customer speaks in a thread that is not ours: people see it, nothing automatic answers. Words that call for a
    /// person at once do so here too.
    mutating func hearInStandby(_ words: Words, _ arrival: Arrival, isUnknown: Bool) {
        if foreign(since: arrival.happened, for: rules.channel.inboxHold) { cancelAutomaticTexts() }
        if let said = read(words), said.classes.contains(.threat) || said.classes.contains(.selfHarm),
            moderate(words, said, arrival, isCut: words.isCut)
        {
            return
        }
        if arrival.happened.milliseconds <= talk.lastAgentAt {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: true)
        } else {
            list(words, arrival, isLate: isUnknown || arrival.isLate)
        }
        if isUnknown { result.verdict = .lateUnknown }
        result.rule = "standby"
    }

    /// A sweep found words behind which the account has written since, by whomever: people see them, nothing automatic
    /// answers. What a person of ours wrote since has overtaken them, as it would have in their time.
    mutating func hearBehindAnswer(_ words: Words, _ arrival: Arrival) {
        if let said = read(words), said.classes.contains(.threat) || said.classes.contains(.selfHarm),
            moderate(words, said, arrival, isCut: words.isCut)
        {
            return
        }
        if arrival.happened.milliseconds <= talk.lastAgentAt {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: true)
            if !words.comment.isEmpty { noteComment(words.comment) { $0.answered = true } }
            result.rule = "overtaken"
            return
        }
        list(words, arrival, isLate: true)
        result.rule = "swept.answered_since"
    }

    /// True if nothing newer says otherwise: from that instant on the thread belongs to others.
    mutating func foreign(since instant: Instant, for hold: Duration) -> Bool {
        guard instant.milliseconds > talk.releasedAt else { return false }
        talk.foreignSince = max(talk.foreignSince, instant.milliseconds)
        talk.foreignUntil = max(talk.foreignUntil, (instant + hold).milliseconds)
        return true
    }

    private mutating func released(at instant: Instant) {
        talk.releasedAt = max(talk.releasedAt, instant.milliseconds)
        guard talk.releasedAt >= talk.foreignSince else { return }
        talk.foreignUntil = 0
        talk.threadApp = ""
    }

    /// A comment was hidden or shown again. What we did comes back as news too and has no mark (DOMAIN 5.7, case 22): it
    /// counts as ours where automation ever touched the comment, unless it undoes what automation did last.
    mutating func decide(moderated: Moderated) {
        let mark = talk.comment(moderated.target)
        result.rule = "moderation_echo"
        guard let mark, !mark.removed else { return }
        if moderated.hidden {
            guard !mark.touched, !mark.answered else { return }
            cancelAutomaticTexts(about: StableHash.hash(mark.id))
            commentAnswered(StableHash.hash(mark.id))
            result.rule = "hidden_by_person"
        } else if mark.hidden {
            noteComment(mark.id) {
                $0.hidden = false
                $0.kept = true
                $0.answered = false
            }
            talk.list(since: now)
            result.rule = "shown_by_person"
        }
    }

    /// Somebody named the account where it may hide and delete nothing: a matter for people.
    mutating func decide(mention: Mention, of event: Event, _ arrival: Arrival, isUnknown: Bool) {
        guard talk.comment(mention.id)?.removed != true else {
            result.rule = "removed"
            return
        }
        noteComment(mention.id) {
            $0.author = event.contact
            $0.kept = true
        }
        let words = Words(
            text: mention.text, hasAttachments: false, payload: "", contact: event.contact, comment: mention.id,
            subject: StableHash.hash(mention.id), isCut: mention.fullLength > 0)
        askForMention(mention, of: event)
        if let said = read(words), said.classes.contains(.threat) || said.classes.contains(.selfHarm),
            moderate(words, said, arrival, isCut: words.isCut)
        {
            return
        }
        list(words, arrival, isLate: isUnknown || arrival.isLate)
        if isUnknown { result.verdict = .lateUnknown }
        result.rule = "mention"
    }

    /// The platform tells that somebody named us, and not who or, on Instagram, in what words. People hear of it at once; what
    /// is missing follows.
    private mutating func askForMention(_ mention: Mention, of event: Event) {
        guard rules.channel.asksMentions, mention.text.isEmpty || event.contact.isEmpty else { return }
        let key = "\(id.text)/\(FetchSubject.mention.rawValue)"
        act(.fetch, .background) { action in
            action.subject = FetchSubject.mention.rawValue
            action.comment = mention.id
            action.resume = mention.post
            action.orderKey = key
        }
    }

    /// What was said of us. It asks for nothing more than the mention did, but a threat in it calls somebody at once.
    mutating func take(mention fetched: Fetched, by author: String, _ arrival: Arrival) {
        guard let mark = talk.comment(fetched.target), !mark.removed else {
            result.rule = "mention.gone"
            return
        }
        if mark.author.isEmpty, !author.isEmpty { noteComment(mark.id) { $0.author = author } }
        guard author != rules.account.id else {
            // A comment of our own that names us.
            talk.unlist(as: .waitingCustomer)
            result.rule = "mention.own"
            return
        }
        result.rule = "mention.read"
        let words = Words(
            text: fetched.text, hasAttachments: false, payload: "", contact: author, comment: mark.id,
            subject: StableHash.hash(mark.id), isCut: fetched.fullLength > 0)
        guard let said = read(words), said.classes.contains(.threat) || said.classes.contains(.selfHarm) else { return }
        _ = moderate(words, said, arrival, isCut: words.isCut)
    }
}
