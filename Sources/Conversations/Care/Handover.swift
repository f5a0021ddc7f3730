import BusinessTime
import Contracts
import Instants

/// Which team has a conversation, and how it passes to the next one (DOMAIN 5.7, edge case 34).
///
/// Problem: what is open when a team goes home must be somebody's, and that somebody must know. Choice: the conversation
/// itself holds the boundary as a timer, in markets that ask for it; at the close of its team it passes to a team that is
/// there and speaks its language, else, at the next opening, to the one that comes. The new desk opens a matter that calls
/// until somebody acknowledges by a claim or a reply; the old desk's matter ends. Promises stay as they were told. Rejected:
/// one sweep of the desk over all its conversations at the boundary, which would have to know those that never escalated.
extension Turn {
    private static let handover = "handover"
    /// Who wrote less than this ago is still at it, and keeps the conversation meanwhile.
    private static let stillAtIt = Duration.seconds(900)

    /// The team whose desk hears of this conversation.
    var team: String { talk.team.isEmpty ? market.team : talk.team }

    /// A person owes this customer something.
    private var isOwed: Bool {
        talk.status == .waitingTeam || talk.promises.contains { $0.standing.isOpen }
    }

    /// The end of each decision: who waits has a team, and the boundary at which it may pass is armed.
    mutating func watchOwner() {
        guard isOwed else {
            if market.service.handsOver { disarm(subject: Self.handover) }
            if !talk.team.isEmpty, !talk.escalated { talk.team = "" }
            return
        }
        guard market.service.handsOver, !hasOwnQueue, !isArmed(.handover, Self.handover) else { return }
        if !talk.escalated { findTeam() }
        guard
            let boundary = market.served.boundary(
                after: now, of: team, language: languageTag, channel: rules.account.channel)
        else { return }
        arm(.handover, at: max(boundary, now + .milliseconds(1)), subject: Self.handover)
    }

    /// Before a desk is told the first time: the team that is there, if its own is not.
    mutating func findTeam() {
        guard market.served.teams.count > 1, !hasOwnQueue, let there = whoIsThere, there != team else { return }
        own(there)
    }

    mutating func comeToHandover() {
        guard isOwed, market.service.handsOver else {
            result.rule = "timer.settled"
            return
        }
        if talk.lastAgentAt > 0, now - Instant(milliseconds: talk.lastAgentAt) < Self.stillAtIt {
            result.rule = "handover.person_active"
            arm(.handover, at: Instant(milliseconds: talk.lastAgentAt) + Self.stillAtIt, subject: Self.handover)
        } else if let there = whoIsThere {
            result.rule = there == team ? "handover.stays" : "handover"
            if there != team { pass(to: there) }
        } else {
            result.rule = "handover.nobody"
        }
    }

    private var whoIsThere: String? {
        market.served.team(at: now, language: languageTag, channel: rules.account.channel, preferring: team)?.name
    }

    private mutating func pass(to next: String) {
        closeMatter(rule: "handover")
        own(next)
        talk.agent = ""
        let due = talk.promises.filter(\.standing.isOpen).map(\.due).min()
        tell(.handover, rule: "handover", due: due)
    }

    mutating func own(_ name: String) {
        talk.team = name == market.team ? "" : name
        result.team = name
    }
}
