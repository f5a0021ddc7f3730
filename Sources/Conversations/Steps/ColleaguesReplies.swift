import Contracts
import Instants

// A public reply below a comment that we did not make (DOMAIN 4.4).
//
// Problem: every reply of the account comes by webhook, ours and those that a colleague writes by hand on the platform; a
// comment carries no mark of ours, and its webhook may be here before the outcome of the call that made it. Choice: the
// thread remembers its own replies by their words and, from the outcome, by the platform's id. What matches is ours. What
// does not, while one of ours has no outcome yet, waits for that: the platform may have changed our words. What is left is a
// colleague's and ends what the thread waited for, as of the instant at which it was written. Rejected: the words alone, since
// a platform that changes one of ours would keep a promise that nobody kept; a timer for what waits, since it is looked at
// before anything else that happens here, a promise's instant too. How it fails: a colleague who says a text of ours word
// for word before that is known by its id counts as us; one whose reply met a send of ours that nobody can tell of counts as
// us, and the team still sees the comment; another automation that takes longer than three seconds counts as a colleague.
extension Turn {
    static let mostOwnReplies = 16
    static let mostUnclearReplies = 8
    /// Outcomes of calls under way are here by then.
    static let unclearFor = Duration.seconds(120)

    /// Remembers a reply of ours that is about to be made.
    mutating func noteOwnReply(_ action: Action) {
        var own = OwnReply()
        (own.actionHigh, own.actionLow) = (action.idHigh, action.idLow)
        own.text = Self.hash(ofWords: action.text)
        if talk.ownReplies.count >= Self.mostOwnReplies {
            // Those whose outcome is known first: one that is under way tells whose the next reply is.
            let settled = talk.ownReplies.firstIndex { $0.actionHigh == 0 && $0.actionLow == 0 }
            talk.ownReplies.remove(at: settled ?? 0)
        }
        talk.ownReplies.append(own)
    }

    /// The account has said something in public, by us or by hand.
    mutating func hear(ownComment comment: Comment, _ arrival: Arrival, isUnknown: Bool) {
        guard !isUnknown, !comment.parent.isEmpty, comment.parent != comment.post else { return }
        let (id, words) = (StableHash.hash(comment.id), Self.hash(ofWords: comment.text))
        if talk.ownReplies.contains(where: { $0.comment == id }) { return }
        if let index = talk.ownReplies.firstIndex(where: { $0.comment == 0 && $0.text == words }) {
            talk.ownReplies[index].comment = id
            return
        }
        let sinceAsked = arrival.happened - Instant(milliseconds: talk.lastCustomerAt)
        guard talk.lastCustomerAt == 0 || sinceAsked < .zero || sinceAsked >= Self.fasterThanPeople else {
            result.rule = "own_words.automatic"
            return
        }
        guard !awaitsOwnReply else {
            var unclear = UnclearReply()
            unclear.comment = id
            unclear.happenedAt = arrival.happened.milliseconds
            unclear.heardAt = at.milliseconds
            if talk.unclearReplies.count >= Self.mostUnclearReplies { talk.unclearReplies.removeFirst() }
            talk.unclearReplies.append(unclear)
            result.rule = "own_words.unclear"
            return
        }
        result.rule = "colleague_reply"
        colleagueReplied(at: arrival.happened)
    }

    /// What became of a reply of ours tells whose the unclear ones are.
    mutating func learnOwnReply(_ action: ActionID, _ outcome: Outcome) {
        guard
            let index = talk.ownReplies.firstIndex(where: {
                $0.actionHigh == action.high && $0.actionLow == action.low
            })
        else { return }
        switch outcome.status {
        case .delivered where !outcome.providerID.isEmpty:
            let id = StableHash.hash(outcome.providerID)
            talk.ownReplies[index].comment = id
            talk.unclearReplies.removeAll { $0.comment == id }
            (talk.ownReplies[index].actionHigh, talk.ownReplies[index].actionLow) = (0, 0)
        case .delivered, .ambiguous:
            // Any of them may be it. Taking it for a colleague's would end what nobody has answered.
            if talk.ownReplies[index].comment == 0 { talk.unclearReplies = [] }
            (talk.ownReplies[index].actionHigh, talk.ownReplies[index].actionLow) = (0, 0)
        default:
            talk.ownReplies.remove(at: index)
        }
        guard !awaitsOwnReply else { return }
        settleUnclearReplies { _ in true }
    }

    /// Outcomes that have not come in all this time are of calls that were not made when the reply was written.
    mutating func settleUnclearReplies() {
        guard !talk.unclearReplies.isEmpty else { return }
        let end = (now - Self.unclearFor).milliseconds
        settleUnclearReplies { $0.heardAt <= end }
    }

    private mutating func settleUnclearReplies(_ isClear: (UnclearReply) -> Bool) {
        let clear = talk.unclearReplies.filter(isClear)
        guard !clear.isEmpty else { return }
        talk.unclearReplies.removeAll(where: isClear)
        for one in clear { colleagueReplied(at: Instant(milliseconds: one.happenedAt)) }
    }

    private var awaitsOwnReply: Bool {
        talk.ownReplies.contains { $0.comment == 0 && ($0.actionHigh != 0 || $0.actionLow != 0) }
    }

    /// A person wrote below the thread at that instant. Where replies are flat nobody can tell which of its comments they
    /// answer, so they answer all that stood there.
    private mutating func colleagueReplied(at instant: Instant) {
        talk.lastAgentAt = max(talk.lastAgentAt, instant.milliseconds)
        talk.clearLoop()
        keepPromises(asOf: instant)
        if instant.milliseconds >= talk.lastCustomerAt {
            cancelAutomaticTexts()
            for mark in talk.comments where !mark.answered && !mark.removed {
                noteComment(mark.id) { $0.answered = true }
            }
        }
        if !talk.hasOpenComment {
            talk.unlist(as: .waitingCustomer)
            stopFirstResponse()
            closeMatter(rule: "answered")
        }
        reconsiderPromises()
    }

    private static func hash(ofWords text: String) -> UInt64 {
        StableHash.hash(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
}
