internal import Channels
internal import Contracts
internal import Hummingbird
internal import Instants
internal import Lanes
internal import SwiftProtobuf
internal import Telemetry

/// Holds what a verified body held: events in their lanes, the rest in the quarantine, or nothing is answered 200.
struct UpdateHolding: Sendable {
    let doors: IngressDoors
    /// Label of the metric of accepted events.
    let source: String

    /// - Parameter signers: the names of the secrets that signed the body; an event of an account with none of them is set
    ///   aside.
    /// - Returns: how many events are held.
    @discardableResult
    func hold(_ updates: NormalisedUpdates, signedBy signers: [String]) async throws(Refusal) -> Int {
        let isSigned = { account in doors.secretName(account).map(signers.contains) ?? false }
        var quarantined = updates.quarantined.map { update in
            // It is obeyed as it is set aside, so it must be the account's own app that says it.
            guard update.reason == .policyEnforcement, !isSigned(update.account) else { return update }
            return update.because(.foreignSecret, "expected the secret of the account's own app")
        }
        var events: [LaneEvent] = []
        for update in updates.events {
            guard isSigned(update.event.account) else {
                quarantined.append(update.setAside(.foreignSecret, "expected the secret of the account's own app"))
                continue
            }
            // Only now: what an account's app did not sign teaches nothing about its posts.
            let event = doors.complete(update.event)
            guard let place = doors.place(event), let bytes: [UInt8] = try? event.serializedBytes() else {
                quarantined.append(update.setAside(.unknownAccount, "expected a lane of the policy"))
                continue
            }
            events.append(place.event(event.id, bytes))
        }
        for update in quarantined where update.reason == .policyEnforcement {
            // Besides being set aside it is told to the account's own entity, which calls people.
            guard
                let told = MetaEnforcement(update.raw)?.event(
                    of: update.account, update: update.raw, received: update.received),
                let place = doors.place(told), let bytes: [UInt8] = try? told.serializedBytes()
            else { continue }
            events.append(place.event(told.id, bytes))
        }
        let results = events.isEmpty ? [] : await doors.holder.hold(events)
        for case .refused(let refusal) in results {
            throw Refusal(.serviceUnavailable, "not_held", "every update held", refusal.description)
        }
        guard results.count == events.count else {
            throw Refusal(.serviceUnavailable, "not_held", "every update held", "\(results.count) of \(events.count)")
        }
        if !quarantined.isEmpty {
            for index in quarantined.indices { quarantined[index].signers = signers }
            guard await doors.quarantine(quarantined) else {
                throw Refusal(.serviceUnavailable, "not_held", "every update held", "a quarantine out of reach")
            }
        }
        count(events.count, quarantined, updates.dropped)
        return events.count
    }

    private func count(_ held: Int, _ quarantined: [Quarantined], _ dropped: [DropCount]) {
        if held > 0 { doors.metrics.add(.eventsAccepted, [("source", source)], by: Double(held)) }
        for update in quarantined {
            doors.metrics.add(.eventsQuarantined, [("reason", update.reason.rawValue)])
            if update.isCut { doors.metrics.add(.quarantineCut) }
        }
        for drop in dropped {
            doors.metrics.add(.eventsIgnored, [("reason", drop.reason.rawValue)], by: Double(drop.count))
        }
    }
}

extension NormalisedEvent {
    /// The event as it goes to the quarantine after it was normalised: in our JSON.
    fileprivate func setAside(_ reason: QuarantineReason, _ detail: String) -> Quarantined {
        Quarantined(
            reason: reason, detail: detail, account: event.account, path: path,
            raw: EventJSON.value(of: event).bytes(), received: .init(milliseconds: event.receivedAt))
    }
}
