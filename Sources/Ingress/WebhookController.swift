// Meta's webhooks: verify on the raw bytes, normalise, hold, then 200.
//
// Problem: the platform repeats what was not answered 200 and unsubscribes who does not answer for an hour, so a 200
// must mean that every update is safe, and must not depend on what an update says. Choice: one body is one unit; its
// events go to their lanes together, what cannot become an event goes to the quarantine, and only if both are held is
// the answer 200. Otherwise 503: the platform sends the whole body again, and what was held already is told by its ids.
// Rejected: 200 before the append (an update is lost when the process dies); an answer per update (there is none).

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants
internal import Lanes
internal import SwiftProtobuf
internal import Telemetry

struct WebhookController: Sendable {
    let doors: IngressDoors
    let bodies: RequestBodies
    private let normaliser: MetaNormaliser

    init(doors: IngressDoors, bodies: RequestBodies) {
        self.doors = doors
        self.bodies = bodies
        normaliser = MetaNormaliser { [secretName = doors.secretName] in secretName($0) != nil }
    }

    /// The platform's check of the address.
    func handshake(_ request: Request) throws(Refusal) -> Response {
        let query = request.uri.queryParameters
        let challenge = WebhookHandshake.challenge(
            mode: query["hub.mode"].map(String.init), token: query["hub.verify_token"].map(String.init),
            challenge: query["hub.challenge"].map(String.init), ours: doors.verifyToken)
        guard let challenge else {
            throw Refusal(.forbidden, "handshake", "our verify token", "another or none")
        }
        return Response.text(challenge)
    }

    /// Updates.
    func receive(_ request: Request) async throws(Refusal) -> Response {
        let signature = HTTPField.Name(WebhookSignature.headerName).flatMap { request.headers[$0] }
        return try await bodies.with(request) { body throws(Refusal) in
            let secrets = doors.secrets()
            if secrets.isEmpty, let reason = doors.unreadyReason() {
                // Nobody can tell yet whether the signature is right.
                throw Refusal(.serviceUnavailable, "not_ready", "a policy and its secrets", reason)
            }
            guard let signer = WebhookSignature.signer(of: body, header: signature, among: secrets) else {
                throw Refusal(
                    .unauthorized, "signature", "\(WebhookSignature.headerName) by one of our apps",
                    signature == nil ? "none" : "another")
            }
            try await hold(normalised(body), signedBy: signer)
            return Response.text("EVENT_RECEIVED")
        }
    }

    private func normalised(_ body: [UInt8]) throws(Refusal) -> NormalisedUpdates {
        do {
            return try normaliser.normalise(body, received: doors.now())
        } catch .tooManyUpdates(let count) {
            throw Refusal(
                .contentTooLarge, "too_many_updates", "at most \(MetaNormaliser.mostUpdates) updates", "\(count)")
        } catch {
            throw Refusal(.badRequest, "not_json", "a webhook body in JSON", "\(error)")
        }
    }

    private func hold(_ updates: NormalisedUpdates, signedBy signer: String) async throws(Refusal) {
        var quarantined = updates.quarantined
        var events: [LaneEvent] = []
        for update in updates.events {
            let event = update.event
            guard doors.secretName(event.account) == signer else {
                quarantined.append(update.setAside(.foreignSecret, "expected the secret of the account's own app"))
                continue
            }
            guard let place = doors.place(event), let bytes: [UInt8] = try? event.serializedBytes() else {
                quarantined.append(update.setAside(.unknownAccount, "expected a lane of the policy"))
                continue
            }
            events.append(LaneEvent(lane: place.lane, id: event.id, bytes: bytes, key: place.key))
        }
        let results = events.isEmpty ? [] : await doors.holder.hold(events)
        for case .refused(let refusal) in results {
            throw Refusal(.serviceUnavailable, "not_held", "every update held", refusal.description)
        }
        guard results.count == events.count else {
            throw Refusal(.serviceUnavailable, "not_held", "every update held", "\(results.count) of \(events.count)")
        }
        if !quarantined.isEmpty {
            guard await doors.quarantine(quarantined) else {
                throw Refusal(.serviceUnavailable, "not_held", "every update held", "a quarantine out of reach")
            }
        }
        count(events.count, quarantined, updates.dropped)
    }

    private func count(_ held: Int, _ quarantined: [Quarantined], _ dropped: [DropCount]) {
        if held > 0 { doors.metrics.add(.eventsAccepted, [("source", "meta")], by: Double(held)) }
        for update in quarantined {
            doors.metrics.add(.eventsQuarantined, [("reason", update.reason.rawValue)])
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
