import BusinessTime
import Contracts
import Instants
import TextRules

/// Questions under ads, which every new viewer sees unanswered: a shorter target while the ad runs (DOMAIN N15, N31).
///
/// A question is a text in which a phrase of a question was found, or one with a question mark. That the ad has stopped says
/// the signal `ad/<id>` with the value `paused`; then the comment waits like any other.
extension Turn {
    private static let prefix = "ad/"
    private static let longestAd = 100

    mutating func watchAdQuestion(_ comment: Comment, _ arrival: Arrival) {
        guard let target = market.service.adQuestion, !comment.ad.isEmpty, comment.ad.utf8.count <= Self.longestAd,
            !arrival.isLate, talk.status == .waitingTeam, talk.comment(comment.id)?.answered == false,
            asksSomething(comment.text)
        else { return }
        let subject = Self.prefix + comment.ad
        guard !isArmed(.firstResponse, subject), !isPaused(comment.ad),
            let due = coverage.advance(from: arrival.happened, by: target)
        else { return }
        arm(.firstResponse, at: max(due, now + .milliseconds(1)), subject: subject)
    }

    /// True if the timer is one of an ad's question, which is then dealt with.
    mutating func comeToAdQuestion(_ subject: String) -> Bool {
        guard subject.utf8.starts(with: Self.prefix.utf8) else { return false }
        if talk.status != .waitingTeam || !talk.held.isEmpty {
            result.rule = "timer.settled"
        } else if isPaused(String(subject.dropFirst(Self.prefix.count))) {
            result.rule = "ad_question.paused"
        } else {
            result.rule = "ad_question.unanswered"
            if !talk.escalated { tell(.escalation, rule: "ad_question.unanswered", due: now) }
        }
        return true
    }

    private mutating func isPaused(_ ad: String) -> Bool {
        signals.read(SignalName.ad(ad))?.value == "paused"
    }

    private func asksSomething(_ text: String) -> Bool {
        result.spans.contains { Intent(rawValue: $0.class) != nil }
            || text.unicodeScalars.contains { ["?", "\u{FF1F}", "\u{61F}", "\u{37E}"].contains($0) }
    }
}
