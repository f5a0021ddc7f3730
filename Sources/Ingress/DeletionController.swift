// The platform's word that a person wants their data deleted.
//
// Meta asks with the person's id for the app. Where that is the id by which the person writes (Instagram's ids and the older
// ones of pages may be) everything of theirs goes; where ids are scoped to pages the two cannot be told to be one person's, and
// nothing is found to erase. The answer is the same for both, as the platform wants it: a page that says how far it is.

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants
internal import Lanes
internal import NIOCore
internal import SwiftProtobuf
internal import Telemetry

struct DeletionController: Sendable {
    static let path = "/webhooks/meta/deletion"

    let doors: IngressDoors
    let bodies: RequestBodies

    func receive(_ request: Request) async throws(Refusal) -> Response {
        guard let base = doors.publicAddress else {
            throw Refusal(.notFound, "deletion", "ingress started with --public-url", "no address of the status page")
        }
        return try await bodies.with(request) { body throws(Refusal) in
            guard let signed = SignedRequest(form: body, secrets: doors.secrets()) else {
                throw Refusal(.unauthorized, "signature", "a signed request of one of our apps", "another")
            }
            let code = Self.code()
            try await order(signed, code)
            doors.metrics.add(.eventsAccepted, [("source", "deletion")])
            let answer: JSONValue = [
                "url": .string("\(base)\(Self.path)?code=\(code)"), "confirmation_code": .string(code),
            ]
            return Response.lines(.ok, answer.bytes() + [0x0A], retry: false)
        }
    }

    func show(_ request: Request) async throws(Refusal) -> Response {
        guard let code = request.uri.queryParameters["code"].map(String.init), ForgetOrder.isCode(code) else {
            throw Refusal(.notFound, "deletion", "a confirmation code", "none")
        }
        let words: String
        switch await doors.deletion(code) {
        case .done?: words = "Everything that was known of you is deleted."
        case .underWay?: words = "Your data are being deleted."
        case .unknown?:
            words = "Nothing is known of this code: the deletion has not begun, or ended more than eight days ago."
        case nil: throw Refusal(.serviceUnavailable, "not_ready", "an answer of the store", "none")
        }
        return Response.text("\(code): \(words)\n")
    }

    /// To every lane that may hold something, of every account of the app.
    private func order(_ signed: SignedRequest, _ code: String) async throws(Refusal) {
        var events: [LaneEvent] = []
        for account in doors.accounts(signed.signer) {
            let event = ForgetOrder.event(
                code: code, account: account, contact: signed.userID, by: "platform", at: doors.now())
            guard let bytes: [UInt8] = try? event.serializedBytes() else { continue }
            events += doors.lanes(account).map { LaneEvent(lane: $0, id: event.id, bytes: bytes) }
        }
        let results = await doors.holder.hold(events)
        let areHeld = results.allSatisfy { if case .held = $0 { true } else { false } }
        guard !events.isEmpty, areHeld else {
            throw Refusal(.serviceUnavailable, "not_held", "the order held by every lane", "one that refuses")
        }
    }

    private static func code() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }
}
