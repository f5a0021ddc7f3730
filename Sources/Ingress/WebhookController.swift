// Meta's webhooks: verify on the raw bytes, normalise, hold, then 200.
//
// Problem: the platform repeats what was not answered 200 and unsubscribes who does not answer for an hour, so a 200
// must mean that every update is safe, and must not depend on what an update says. Choice: one body is one unit, in pieces
// of a thousand updates if it holds more; the events of a piece go to their lanes together, what cannot become an event
// goes to the quarantine, and only if all is held is the answer 200. Otherwise 503: the platform sends the whole body again, and what was held already is told by its ids.
// A signed body that cannot be read is kept too: refused, it would come again until the platform ends the subscription.
// Rejected: 200 before the append (an update is lost when the process dies); an answer per update (there is none).

internal import Channels
internal import HTTPTypes
internal import Hummingbird
internal import Instants

struct WebhookController: Sendable {
    let doors: IngressDoors
    let bodies: RequestBodies
    private let normaliser: MetaNormaliser
    private let holding: UpdateHolding

    init(doors: IngressDoors, bodies: RequestBodies) {
        self.doors = doors
        self.bodies = bodies
        holding = UpdateHolding(doors: doors, source: "meta")
        normaliser = MetaNormaliser(
            inboxApps: doors.inboxApps, app: doors.app, wantsReceipts: doors.wantsReceipts,
            knows: { [secretName = doors.secretName] in secretName($0) != nil })
    }

    /// The platform's check of the address.
    func handshake(_ request: Request) throws(Refusal) -> Response {
        let query = request.uri.queryParameters
        let challenge = WebhookHandshake.challenge(
            mode: query["hub.mode"].map(String.init), token: query["hub.verify_token"].map(String.init),
            challenge: query["hub.challenge"].map(String.init), ours: doors.verifyTokens())
        guard let challenge else {
            throw Refusal(.forbidden, "handshake", "a verify token of ours", "another or none")
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
            let signers = WebhookSignature.signers(of: body, header: signature, among: secrets)
            guard !signers.isEmpty else {
                throw Refusal(
                    .unauthorized, "signature", "\(WebhookSignature.headerName) by one of our apps",
                    signature == nil ? "none" : "another")
            }
            // In order, the next only once this one is held: what a repeated body held already is told by its ids.
            for piece in pieces(body) { try await holding.hold(piece, signedBy: signers) }
            return Response.text("EVENT_RECEIVED")
        }
    }

    private func pieces(_ body: [UInt8]) -> AnySequence<NormalisedUpdates> {
        let now = doors.now()
        do {
            return AnySequence(try normaliser.pieces(of: body, received: now))
        } catch {
            return AnySequence([NormalisedUpdates(unreadable: body, error, received: now)])
        }
    }
}
