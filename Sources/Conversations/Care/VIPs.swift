import BusinessTime
import Contracts
import Instants

/// Contacts that a market knows by name: their own desk, a shorter target, a call at night (DOMAIN N5).
extension Turn {
    /// This conversation belongs to one desk, whoever is there.
    var hasOwnQueue: Bool { talk.vip && market.service.vip?.team != nil }

    /// Under a post a conversation is a VIP's as soon as one of its authors is.
    mutating func noteVIP(_ contact: String) {
        guard let vip = market.service.vip else { return }
        let isVIP = vip.contacts.contains(contact) || (vip.bySignal && isNamedBySignal(contact))
        talk.vip = isVIP || (isPublic && talk.vip)
        if talk.vip, let team = vip.team, !talk.escalated { own(team) }
    }

    /// Somebody is called at once if nobody is there to see it.
    mutating func callForVIP(_ arrival: Arrival) {
        guard talk.vip, market.service.vip?.callsAfterHours == true, talk.status == .waitingTeam, !talk.escalated,
            !arrival.isLate, !coverage.isOpen(at: now)
        else { return }
        tell(.escalation, rule: "vip", due: nil)
    }

    private mutating func isNamedBySignal(_ contact: String) -> Bool {
        let signal = signals.read(SignalName.vip(account: rules.account.id, contact: contact))
        return signal.map { $0.value != "off" } ?? false
    }
}
