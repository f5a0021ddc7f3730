import BusinessTime
import Contracts
import Instants

/// On which clock, and how surely, a customer reads (DOMAIN 5.4, step 7).
extension Turn {
    /// The zone in which times are stated to this customer. Weak: it must be named beside the time, because it is a guess.
    var customerZone: (rules: ZoneRules, isWeak: Bool) {
        if talk.hasZone, let name = try? ZoneName(talk.zone.value), let zone = rules.zones[name] {
            switch talk.zone.provenance {
            case .order, .agent, .customer: return (zone, false)
            default: return (zone, true)
            }
        }
        return (rules.zone, !market.zoneIsCertain)
    }

    /// Takes in what the shop's orders and the platform's profile say of this customer's clock, before a time is told. The
    /// stronger evidence stays, of two of one kind the newer; a zone that the policy does not carry says nothing.
    mutating func noteZone(of contact: String) {
        guard !isPublic, !contact.isEmpty else { return }
        let account = rules.account.id
        if noteZone(SignalName.order(account: account, contact: contact), .order) { return }
        _ = noteZone(SignalName.profile(account: account, contact: contact), .profile)
    }

    /// True if that signal is the evidence now.
    private mutating func noteZone(_ signal: String, _ provenance: Evidence.Provenance) -> Bool {
        guard !talk.hasZone || talk.zone.provenance.rawValue <= provenance.rawValue,
            let told = signals.read(signal), let name = try? ZoneName(told.value), rules.zones[name] != nil
        else { return false }
        guard talk.zone.value != told.value || talk.zone.provenance != provenance else { return true }
        var evidence = Evidence()
        evidence.value = told.value
        evidence.provenance = provenance
        evidence.day = UInt32(clamping: now.seconds / 86_400)
        talk.zone = evidence
        return true
    }
}
