import BusinessTime
import Contracts
import Instants
import Replies

/// What a customer who writes in opening hours gets: one acknowledgement, and a desk that hears when nobody answers.
extension Turn {
    /// An acknowledgement is not said again within this.
    private static let acknowledgedFor = Duration.seconds(12 * 3_600)
    private static let firstResponse = "first"

    /// The first message of a waiting customer while the team is there (DOMAIN N9).
    mutating func acknowledge(_ words: Words, _ arrival: Arrival) {
        result.rule = "in_hours"
        guard market.service.acknowledges, !isPublic, talk.waitingSince == arrival.happened.milliseconds,
            talk.lastAutomaticAt == 0 || now - Instant(milliseconds: talk.lastAutomaticAt) > Self.acknowledgedFor,
            talk.lastAgentAt == 0 || now - Instant(milliseconds: talk.lastAgentAt) > Self.acknowledgedFor,
            !arrival.isLate, talk.held.isEmpty, talk.foreignUntil <= now.milliseconds, windowIsOpen,
            automationIsOn(rule: "acknowledgement")
        else { return }
        let zone = customerZone
        let slots = ReplySlots(
            now: now, customerZone: zone.rules, zoneIsWeak: zone.isWeak, brand: rules.account.brand)
        guard let text = render(.acknowledgement, slots) else { return }
        _ = say(
            Saying(
                text: text, class: .answer, rule: "acknowledgement", notAfter: now + .seconds(900),
                contact: words.contact, comment: "", subject: words.subject, kind: .acknowledgement, agent: ""))
        result.rule = "acknowledgement"
        result.language = languageTag
    }

    /// The target of a customer who began to wait with this event, in working time (DOMAIN F13, N15). Who was promised
    /// something has the promise's own timers.
    mutating func watchFirstResponse(since instant: Instant) {
        let own = talk.vip ? market.service.vip?.firstResponse : nil
        guard let target = own ?? market.service.firstResponse, talk.waitingSince == instant.milliseconds, !talk.late,
            !isArmed(.firstResponse, Self.firstResponse), !talk.promises.contains(where: { $0.standing.isOpen }),
            let due = coverage.advance(from: instant, by: target)
        else { return }
        arm(.firstResponse, at: max(due, now + .milliseconds(1)), subject: Self.firstResponse)
    }

    /// The target has come: the desk hears of it once, unless somebody has answered.
    mutating func comeToFirstResponse(_ subject: String) {
        if comeToAdQuestion(subject) { return }
        guard talk.status == .waitingTeam, talk.held.isEmpty else {
            result.rule = "timer.settled"
            return
        }
        result.rule = "first_response.missed"
        if !talk.escalated { tell(.escalation, rule: "first_response.missed", due: now) }
    }

    mutating func stopFirstResponse() {
        if state.timers.contains(where: { $0.kind == .firstResponse }) {
            state.timers.removeAll { $0.kind == .firstResponse }
        }
    }
}
