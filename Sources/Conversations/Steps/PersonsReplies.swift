import Contracts
import Instants

/// What people write, here or in the platform's own inbox (DOMAIN 5.4, step 9).
///
/// A reply that stands in the log before a promise is due holds the promise while it is being sent: delivered, it kept the
/// promise as of the instant at which it stood there, however late its outcome comes. Drafts, assignments and automatic
/// texts hold nothing.
extension Turn {
    static let mostHeld = 8
    /// A longer text would need more actions than one decision may make.
    static let mostPieces = 12

    mutating func decide(reply: AgentReply, _ arrival: Arrival, isUnknown: Bool) {
        guard !isUnknown else {
            // It may have been sent long ago.
            talk.list(since: arrival.happened, isLate: true)
            result.verdict = .lateUnknown
            result.rule = "late_unknown"
            return
        }
        guard !reply.text.isEmpty else {
            result.rule = "agent_reply.empty"
            return
        }
        guard rules.channel.textLimit.pieces(of: reply.text).count <= Self.mostPieces else {
            // Half of it would say something else.
            result.rule = "agent_reply.too_long"
            talk.list(since: arrival.happened)
            noteUnsent(at: arrival.happened)
            return
        }
        let comment = isPublic ? answeredComment(reply.comment) : ""
        let subject = comment.isEmpty ? 0 : StableHash.hash(comment)
        cancelAutomaticTexts(about: comment.isEmpty ? nil : subject)
        let limit = talk.lastCustomerAt > 0 ? personWindowCloses : nil
        if let limit, limit <= now {
            talk.list(since: arrival.happened)
            result.rule = "agent_reply.window_closed"
            noteUnsent(at: arrival.happened)
            return
        }
        let action = say(
            Saying(
                text: reply.text, class: .person, rule: "agent_reply",
                notAfter: limit ?? now + .seconds(7 * 86_400), contact: contact(ofComment: comment),
                comment: comment, subject: subject, kind: nil, agent: reply.agent))
        var held = HeldReply()
        held.actionHigh = action.high
        held.actionLow = action.low
        held.at = at.milliseconds
        if talk.held.count >= Self.mostHeld { talk.held.removeFirst() }
        talk.held.append(held)
        talk.clearLoop()
        talk.lastAgentAt = max(talk.lastAgentAt, arrival.happened.milliseconds)
        result.rule = "agent_reply"
    }

    mutating func decide(echo: Echo, _ arrival: Arrival) {
        if echo.metadata.utf8.starts(with: "ns1:".utf8) {
            result.rule = "own_echo"
            let name = echo.metadata.split(separator: ":").dropFirst(2).first
            if let action = name.flatMap({ ActionID(hex: String($0)) }) { heard(of: action) }
        } else if echo.inbox {
            decide(inbox: echo, arrival)
        } else {
            // Another automation speaks here. It answers nobody's question in our name.
            result.rule = "foreign_echo"
            _ = foreign(since: arrival.happened, for: rules.channel.foreignHold)
        }
    }

    /// The platform has it. The action may wait to be sent again: with this commit it never is, whoever owns the lane. Pieces
    /// before the last of a text are awaited nowhere, so each echo says so; of what has ended it changes nothing.
    private mutating func heard(of action: ActionID) {
        cancels.append(action)
        reachedCustomer(action)
    }

    private mutating func decide(inbox echo: Echo, _ arrival: Arrival) {
        let writer = writer(of: echo, at: arrival.happened)
        if writer != .person { talk.platformText = StableHash.hash(echo.text) }
        guard writer != .platform else {
            result.rule = DecisionResult.platformReplied
            return
        }
        result.rule = writer == .person ? "inbox_echo" : "inbox_echo.in_doubt"
        _ = foreign(since: arrival.happened, for: rules.channel.inboxHold)
        cancelAutomaticTexts()
        talk.clearLoop()
        keepPromises(asOf: arrival.happened)
        guard writer == .person else { return }
        noteEarly(echo, at: arrival.happened)
        personAnswered(asOf: arrival.happened)
    }

    /// A person's word of that instant reached the customer.
    mutating func personAnswered(asOf instant: Instant) {
        guard talk.close(asOf: instant, as: .waitingCustomer) else { return }
        stopFirstResponse()
        watchQuiet()
        closeMatter(rule: "answered")
    }

    /// Tells the desk that there is nothing more to do here.
    mutating func closeMatter(rule: String) {
        guard talk.escalated else { return }
        talk.escalated = false
        tell(.closed, rule: rule, due: nil)
    }

    /// A person's words under a post reached their reader: one author is answered.
    mutating func commentAnswered(_ subject: UInt64) {
        if let mark = talk.comments.first(where: { StableHash.hash($0.id) == subject }) {
            noteComment(mark.id) { $0.answered = true }
        }
        if !talk.hasOpenComment {
            talk.unlist(as: .waitingCustomer)
            stopFirstResponse()
            closeMatter(rule: "answered")
        }
    }

    /// The comment that a reply means: the named one, else the newest that wants an answer, else the root.
    private func answeredComment(_ named: String) -> String {
        if !named.isEmpty { return named }
        if let open = talk.comments.last(where: { !$0.answered && !$0.removed }) { return open.id }
        return id.parts.last ?? ""
    }

    private func contact(ofComment comment: String) -> String {
        if comment.isEmpty { return talk.contact.isEmpty ? id.parts.last ?? "" : talk.contact }
        return talk.comment(comment)?.author ?? ""
    }
}
