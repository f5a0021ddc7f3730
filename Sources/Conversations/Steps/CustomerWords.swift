import Contracts
import Instants
import TextRules

/// What a customer writes or does: steps 1, 3 and 8 to 10 of the pipeline (DOMAIN 5.3).
///
/// Safety, the criticism guard, spam and competitor links stand between bookkeeping and answers; they belong to
/// moderation and will stop the pipeline at that place.
extension Turn {
    /// Something that a customer wrote, whatever its kind.
    struct Words {
        let text: String
        let hasAttachments: Bool
        /// Of a button or quick reply; empty otherwise.
        let payload: String
        let contact: String
        /// The comment's id; empty in a direct thread.
        let comment: String
        /// XXH64 of the id by which an edit or a removal names it.
        let subject: UInt64
        /// The text was longer than what is kept of it.
        var isCut = false
        /// The post and the ad under which a comment stands, as the platform named them.
        var post = ""
        var ad = ""
        /// They stand under a broadcast that was live.
        var isLive = false
    }

    mutating func decide(message: DirectMessage, of event: Event, _ arrival: Arrival, isUnknown: Bool) {
        noteAd(message.ad, arrival)
        noteProducts(message.products, arrival)
        let words = Words(
            text: message.text, hasAttachments: !message.attachments.isEmpty, payload: message.payload,
            contact: event.contact, comment: "", subject: event.subjectHash, isCut: message.fullLength > 0)
        if event.swept, isUnknown {
            // So much was said here since that nobody can tell; far likelier its webhook came than it was missed.
            result.rule = DecisionResult.sweptKnown
            return
        }
        if message.standby { return hearInStandby(words, arrival, isUnknown: isUnknown) }
        if message.answeredSince { return hearBehindAnswer(words, arrival) }
        hear(words, arrival, isUnknown: isUnknown)
    }

    mutating func decide(postback: Postback, of event: Event, _ arrival: Arrival, isUnknown: Bool) {
        noteAd(postback.ad, arrival)
        noteProducts(postback.products, arrival)
        if !postback.standby, postback.payload.isEmpty, postback.title.isEmpty {
            // Somebody came back through an ad or a link: the window opens, nothing was asked.
            talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
            result.rule = "postback.referral"
            return
        }
        let words = Words(
            text: postback.title, hasAttachments: false, payload: postback.payload, contact: event.contact,
            comment: "", subject: event.subjectHash)
        if postback.standby { return hearInStandby(words, arrival, isUnknown: isUnknown) }
        hear(words, arrival, isUnknown: isUnknown)
    }

    mutating func decide(comment: Comment, of event: Event, _ arrival: Arrival, isUnknown: Bool) {
        if event.swept, talk.comment(comment.id) != nil {
            // Its text was changed since, which its webhook told, or will.
            result.rule = DecisionResult.sweptKnown
            return
        }
        changePost { $0.comments &+= 1 }
        if talk.comment(comment.id)?.removed == true {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
            result.rule = "removed"
            return
        }
        noteComment(comment.id) { $0.author = event.contact }
        let words = Words(
            text: comment.text, hasAttachments: !comment.attachments.isEmpty, payload: "", contact: event.contact,
            comment: comment.id, subject: StableHash.hash(comment.id), isCut: comment.fullLength > 0,
            post: comment.post, ad: comment.ad, isLive: comment.live)
        if comment.answeredSince { return hearBehindAnswer(words, arrival) }
        hear(words, arrival, isUnknown: isUnknown)
        watchAdQuestion(comment, arrival)
    }

    mutating func decide(reaction: Reaction, _ arrival: Arrival) {
        // It opens the window and asks nothing.
        if !reaction.removed { talk.noteCustomer(at: arrival.happened, wantsAnswer: false) }
        result.rule = "reaction"
    }

    private mutating func hear(_ words: Words, _ arrival: Arrival, isUnknown: Bool) {
        takeBackEarlyEcho(for: arrival)
        if isUnknown {
            // Judged like any other, answered by nobody but people.
            if isPublic, let said = read(words), moderate(words, said, arrival, isCut: words.isCut) {
                result.verdict = .lateUnknown
                return
            }
            list(words, arrival, isLate: true)
            result.verdict = .lateUnknown
            result.rule = "late_unknown"
            return
        }
        if words.text.isOnlyEmoji, words.payload.isEmpty, !words.hasAttachments {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
            noteAnswered(words.comment)
            result.rule = "emoji_only"
            return
        }
        if arrival.happened.milliseconds <= talk.lastAgentAt {
            // A person has written since: it is taken in, nothing is opened again.
            talk.noteCustomer(at: arrival.happened, wantsAnswer: true)
            noteAnswered(words.comment)
            if isPublic, !words.text.isEmpty {
                // Of older words only what guards the conversation counts; the newer ones tell the language.
                noteStanding(rules.texts.classify(words.text, market: market.name, place: .comment))
            }
            result.rule = "overtaken"
            return
        }
        if talk.withdrawn.contains(words.subject) {
            list(words, arrival, isLate: false)
            result.rule = "removed"
            return
        }
        if let score = satisfaction(in: words) {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
            return rate(score)
        }
        stopQuiet()
        noteVIP(words.contact)
        let said = read(words)
        watchSpike(words, said, arrival)
        if let said, said.moderation != .none || !said.classes.isEmpty {
            talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
            if moderate(words, said, arrival, isCut: words.isCut) { return }
        }
        if isLoop(words, arrival) {
            list(words, arrival, isLate: arrival.isLate)
            result.rule = "suppressed.loop"
            return
        }
        talk.noteCustomer(at: arrival.happened, wantsAnswer: false)
        if answer(words, said, arrival) { return }
        if answerInPublic(words, said, arrival) { return }
        list(words, arrival, isLate: arrival.isLate)
        replyAfterHours(words, arrival)
        callForVIP(arrival)
        watchFirstResponse(since: arrival.happened)
    }

    mutating func list(_ words: Words, _ arrival: Arrival, isLate: Bool) {
        talk.noteCustomer(at: arrival.happened, wantsAnswer: true)
        talk.list(since: arrival.happened, isLate: isLate)
    }

    private mutating func noteAnswered(_ comment: String) {
        if !comment.isEmpty { noteComment(comment) { $0.answered = true } }
    }
}

extension Event {
    /// XXH64 of the id by which the platform names this message in edits and removals: the event's own id, without the
    /// prefix that a channel puts before a message's.
    var subjectHash: UInt64 {
        id.utf8.starts(with: "dm:".utf8) ? StableHash.hash(id.dropFirst(3)) : StableHash.hash(id)
    }
}

extension String {
    /// At least one emoji, and nothing else but what joins and colours emoji, and spaces.
    var isOnlyEmoji: Bool {
        var found = false
        for scalar in unicodeScalars {
            if scalar.isASCII {
                guard scalar == " " || scalar == "\n" || scalar == "\t" else { return false }
                continue
            }
            let properties = scalar.properties
            if properties.isEmojiPresentation || properties.isEmoji {
                found = true
                continue
            }
            // Zero-width joiner, variation selectors, keycap, tags of flags.
            switch scalar.value {
            case 0x200D, 0xFE0E, 0xFE0F, 0x20E3, 0xE0020...0xE007F: continue
            default: return false
            }
        }
        return found
    }
}
