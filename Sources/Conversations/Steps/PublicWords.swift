import Contracts
import Instants
import Replies
import TextRules

/// Words beside an answer: how else to help, thanks for praise, a word to who complains in public.
extension Turn {
    private static let questionMarks: Set<Character> = ["?", "？", "؟", "\u{37E}"]

    /// The question how else to help, to stand behind an answer that asks nothing itself, where the market wants it.
    func furtherQuestion(after text: String, _ slots: ReplySlots) -> String {
        guard market.service.asksFurther, !isPublic, !text.contains(where: { Self.questionMarks.contains($0) }),
            let question = languagePack.render(
                .anythingElse, slots: slots, variant: StableHash.hash(id.text, "\(state.decisions)") >> 1)
        else { return "" }
        return "\n" + question
    }

    /// A word in public for praise or a complaint, where the market wants it. True if nothing more is to be done: praise is
    /// answered with it, a complaint goes on to the team.
    mutating func answerInPublic(_ words: Words, _ said: Classification?, _ arrival: Arrival) -> Bool {
        guard isPublic, !words.comment.isEmpty, let said, said.intent == nil,
            !said.classes.contains(.personWanted), !arrival.isLate
        else { return false }
        let isComplaint = said.classes.contains(.complaint)
        let isPraise = said.classes.contains(.praise) && !said.guard
        guard isComplaint ? market.service.answersComplaints : isPraise && market.service.answersPraise,
            now < staleAfter(arrival.happened), talk.foreignUntil <= now.milliseconds
        else { return false }
        let rule = isComplaint ? "public.complaint" : "public.praise"
        guard automationIsOn(rule: rule) else { return false }
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand)
        let kind: ReplyKind = isComplaint ? .complaintReceivedPublic : .praiseThanksPublic
        guard let text = render(kind, slots) else { return false }
        if isComplaint {
            list(words, arrival, isLate: false)
            watchFirstResponse(since: arrival.happened)
        }
        // Without a subject its delivery answers nobody's comment: the complaint stays open.
        _ = say(
            Saying(
                text: text, class: .answer, rule: rule, notAfter: staleAfter(arrival.happened), contact: words.contact,
                comment: words.comment, subject: isComplaint ? 0 : words.subject, kind: kind, agent: ""))
        result.rule = rule
        result.language = languageTag
        return true
    }
}
