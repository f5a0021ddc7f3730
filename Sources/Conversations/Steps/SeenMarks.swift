import Contracts
import Instants

/// A mark that words were seen, where nothing more is said (DOMAIN, note on N24: further words of a closed period).
///
/// The platform wants every input of a customer answered; the text of a closed period is said once. So further words of
/// that period get the mark that the platform shows as "seen", where the channel asks for it (`mark_seen`). A mark is nobody's
/// answer: it keeps no promise, ends no waiting, and one that is refused or late puts nothing before the team.
extension Turn {
    /// The platform wants an answer within 30 s; a mark that leaves later tells nothing.
    private static let worthwhile = Duration.seconds(30)

    /// One mark at a time: what comes while it is on its way is seen with it.
    mutating func markSeen(_ words: Words) {
        guard !isPublic, rules.channel.marksSeen, !words.contact.isEmpty else { return }
        let kind = UInt32(clamping: Action.Kind.senderAction.rawValue)
        guard !talk.pending.contains(where: { $0.kind == kind }) else { return }
        // Where people, or another app, are at work the platform shows what they saw.
        guard talk.held.isEmpty, talk.foreignUntil <= now.milliseconds, windowIsOpen, !talk.unreachable,
            automationIsOn(rule: "seen")
        else { return }
        let end = [windowCloses, now + Self.worthwhile].compactMap { $0 }.min() ?? now
        let text = id.text
        let action = act(.senderAction, .background) { action in
            action.text = "mark_seen"
            action.rule = "seen"
            action.contact = words.contact
            // No text waits for it, and it waits for none.
            action.orderKey = "seen/" + text
            action.notAfter = end.milliseconds
        }
        var pending = PendingAction()
        pending.idHigh = action.high
        pending.idLow = action.low
        pending.kind = kind
        pending.automatic = true
        pending.beside = true
        keep(pending)
    }
}
