import BusinessTime
import Contracts
import Instants

/// A time that a customer was told never changes silently (DOMAIN 5.7, edge case 47).
///
/// Problem: a promise is an instant, the customer remembers a time on his clock, and new zone rules can part the two. Choice:
/// the promise keeps the time as it was told; whenever its conversation is decided, and once a day before it is due, that
/// is held against the rules in force. If they part, the desk is told at once and the earlier of the two holds. Rejected:
/// moving the promise with the rules, which breaks either what we meant or what was read.
extension Turn {
    private static let ahead = Duration.seconds(86_400)

    /// Notes what the customer reads, and has a look a day before if it lies further ahead.
    mutating func noteToldTime(_ promise: inout Promise) {
        let zone = customerZone.rules
        promise.toldLocal = ToldTime(promise.due, in: zone).localMilliseconds
        promise.toldZone = zone.name.text
        if promise.due - now > Self.ahead { arm(.clockCheck, at: promise.due - Self.ahead, subject: promise.id) }
    }

    mutating func holdToldTimes() {
        for index in talk.promises.indices where talk.promises[index].standing.isOpen {
            let promise = talk.promises[index]
            guard promise.toldLocal != 0, let zone = zone(named: promise.toldZone) else { continue }
            let told = ToldTime(promise.due, localMilliseconds: promise.toldLocal)
            guard told.shift(under: zone) != nil else { continue }
            let due = told.dueAt(under: zone)
            talk.promises[index].dueAt = due.milliseconds
            // Said once: where the clocks show the told time later, the two stay apart.
            if due == promise.due { talk.promises[index].toldLocal = 0 }
            disarm(subject: promise.id)
            armPromise(promise.id, due: due)
            noteStanding(talk.promises[index])
            tell(.escalation, rule: "promise.clock_changed", due: due)
        }
    }

    /// The market's own zone, where most are told, costs no look-up.
    private func zone(named name: String) -> ZoneRules? {
        if rules.zone.name.text == name { return rules.zone }
        return (try? ZoneName(name)).flatMap { rules.zones[$0] }
    }
}
