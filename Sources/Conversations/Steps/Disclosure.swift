import Contracts
import Instants
import Replies

/// The line that an automatic text opens with (invariant I16).
extension Turn {
    /// When an automatic text last said so, in ms; 0: never.
    private var lastDisclosed: Int64 {
        switch talk.disclosedAt {
        case 0: isPublic ? 0 : talk.lastAutomaticAt
        case 1: 0
        default: talk.disclosedAt
        }
    }

    /// An automatic text of this conversation must say now that it is one.
    var disclosureIsDue: Bool {
        let policy = market.disclosure
        guard isPublic ? policy.comments : policy.messages else { return false }
        let last = lastDisclosed
        return last == 0 || talk.lastAgentAt > last || now - Instant(milliseconds: last) >= policy.again
    }

    /// Whether a text of this kind may be said: it discloses by itself, need not, or the language has a line for it.
    func canDisclose(_ kind: ReplyKind) -> Bool {
        KindRule.of(kind).isAutomatic || !disclosureIsDue || languagePack.variantCount(of: .disclosure) > 0
    }

    /// The text with the line before it, if one is due, and when something last disclosed once it was said.
    func disclosed(_ text: String, _ kind: ReplyKind) -> (text: String, at: Int64) {
        guard !KindRule.of(kind).isAutomatic else { return (text, now.milliseconds) }
        guard disclosureIsDue else { return (text, lastDisclosed) }
        guard let line = disclosureLine() else { return (text, lastDisclosed) }
        return (line + "\n" + text, now.milliseconds)
    }

    /// The line itself; nil if the language has none.
    func disclosureLine() -> String? {
        let slots = ReplySlots(now: now, customerZone: rules.zone, zoneIsWeak: false, brand: rules.account.brand)
        let variant = StableHash.hash(id.text, "\(state.decisions)") >> 1
        return languagePack.render(.disclosure, slots: slots, variant: variant)
    }

    /// To be called when `last_automatic_at` stands.
    mutating func noteDisclosed(at instant: Int64) {
        if isPublic {
            talk.disclosedAt = instant
        } else {
            talk.disclosedAt = instant == talk.lastAutomaticAt ? 0 : max(1, instant)
        }
    }
}
