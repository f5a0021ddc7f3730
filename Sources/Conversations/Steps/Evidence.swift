import BusinessTime
import Contracts

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
}
