import Contracts
import Instants
import Replies

/// How a conversation ends, and what is asked then (DOMAIN F10, F15, F19).
///
/// It ends when a person says so, or when the customer is quiet for as long as the market waits; whatever the customer
/// writes then opens it again. One question follows, at most once in seven days; a bare number from 1 to 5 answers it.
extension Turn {
    private static let quiet = "quiet"
    /// What a pressed mark comes back with, before its number.
    private static let markPayload = "ns1:rating."
    /// A number within this after the question is its answer.
    private static let answeredWithin = Duration.seconds(3 * 86_400)

    /// A person has answered and nothing waits: the quiet time begins.
    mutating func watchQuiet() {
        guard let time = market.service.quietResolve else { return }
        disarm(subject: Self.quiet)
        arm(.quiet, at: now + time, subject: Self.quiet)
    }

    mutating func stopQuiet() {
        disarm(subject: Self.quiet)
    }

    mutating func comeToQuiet() {
        guard talk.status == .waitingCustomer, !talk.promises.contains(where: { $0.standing.isOpen }) else {
            result.rule = "timer.settled"
            return
        }
        result.rule = "quiet.resolved"
        talk.unlist(as: .resolved)
        talk.agent = ""
        closeMatter(rule: "quiet.resolved")
        askSatisfaction()
    }

    /// Asks once, while an automatic text may still be sent.
    mutating func askSatisfaction() {
        guard market.service.asksSatisfaction, !isPublic, windowIsOpen, !talk.escalated,
            talk.satisfactionAskedAt == 0
                || now - Instant(milliseconds: talk.satisfactionAskedAt) >= ServicePolicy.satisfactionEvery,
            talk.foreignUntil <= now.milliseconds, !isMuted, automationIsOn(rule: "satisfaction")
        else { return }
        let marks = (1...5).map { mark in
            var reply = QuickReply()
            reply.title = "\(mark)"
            reply.payload = Self.markPayload + "\(mark)"
            return reply
        }
        guard sayPlain(ReplyKind("satisfaction_question"), rule: "satisfaction", marks) else { return }
        talk.satisfactionAskedAt = now.milliseconds
    }

    /// A pressed mark, or a bare number from 1 to 5, soon after the question; nil for anything else.
    func satisfaction(in words: Words) -> Int? {
        guard talk.satisfactionAskedAt > 0, !isPublic, talk.status == .resolved,
            now - Instant(milliseconds: talk.satisfactionAskedAt) < Self.answeredWithin
        else { return nil }
        if words.payload.hasPrefix(Self.markPayload) {
            return Int(words.payload.dropFirst(Self.markPayload.count)).flatMap { (1...5).contains($0) ? $0 : nil }
        }
        let digits = words.text.unicodeScalars.filter { $0.properties.numericType != nil }
        guard digits.count == 1, let value = digits.first?.properties.numericValue, (1...5).contains(value),
            words.text.unicodeScalars.allSatisfy({
                $0.properties.numericType != nil || $0.properties.isWhitespace || "./!⭐️".unicodeScalars.contains($0)
            })
        else { return nil }
        return Int(value)
    }

    /// Thanks for a good mark; a bad one is a person's matter.
    mutating func rate(_ score: Int) {
        result.rule = "rating.\(min(max(score, 0), 5))"
        guard market.service.asksSatisfaction, !isPublic, windowIsOpen, talk.foreignUntil <= now.milliseconds,
            (1...5).contains(score), !isMuted, automationIsOn(rule: "satisfaction")
        else { return }
        _ = sayPlain(ReplyKind(score >= 4 ? "satisfaction_thanks" : "satisfaction_sorry"), rule: "satisfaction")
        guard score <= 2 else { return }
        talk.list(since: now)
        if !talk.escalated { tell(.escalation, rule: "rating", due: nil) }
    }

    /// Says a text that needs no slots but the brand; false if the language has none.
    private mutating func sayPlain(_ kind: ReplyKind, rule: String, _ quickReplies: [QuickReply] = []) -> Bool {
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand)
        guard let text = render(kind, slots) else { return false }
        _ = say(
            Saying(
                text: text, class: .answer, rule: rule, notAfter: windowCloses,
                contact: talk.contact.isEmpty ? id.parts.last ?? "" : talk.contact, comment: "", subject: 0, kind: kind,
                agent: "", quickReplies: quickReplies))
        result.language = languageTag
        return true
    }
}
