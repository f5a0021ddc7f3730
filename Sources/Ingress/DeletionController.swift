// The platform's word that a person wants their data deleted.
//
// Meta asks with the person's id for the app. Where that is the id by which the person writes (Instagram's ids and the older
// ones of pages may be) everything of theirs goes; where ids are scoped to pages the two cannot be told to be one person's, and
// nothing is found to erase. The answer is the same for both, as the platform wants it: a page that says how far it is.
//
// Whoever has a signed request can say it again. So it is good for an hour, and its code is derived from it: a repeat is the
// same order, which a lane that has it passes over. The page knows from a note, written before the orders, whose answers it
// waits for; a partition that it hears nothing of is not taken for done. Live lanes come first: a retired one that is away does
// not keep the order from them, and is given its own later (`LateOrders`). How it fails: without Redis nothing is ordered, and the platform is refused, since an order to a
// lane that nobody can name would be lost; refused because of some lanes only, the others carry the order out nevertheless, and
// nobody waits for those that never heard of it.

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
            let (age, isBeyond) = doors.wallClock().seconds.subtractingReportingOverflow(signed.issuedAt)
            guard !isBeyond, (-Self.mostAhead...Self.mostAge).contains(age) else {
                throw Refusal(.unauthorized, "issued_at", "a request signed within the last hour", "another")
            }
            let code = Self.code(of: signed)
            try await order(signed, code)
            doors.metrics.add(.eventsAccepted, [("source", "deletion")])
            let answer: JSONValue = [
                "url": .string("\(base)\(Self.path)?code=\(code)"), "confirmation_code": .string(code),
            ]
            return Response.lines(.ok, answer.bytes() + [0x0A], retry: false)
        }
    }

    func show(_ request: Request) async throws(Refusal) -> Response {
        guard let code = request.uri.queryParameters["code"].map(String.init), Self.isCode(code) else {
            throw Refusal(.notFound, "deletion", "a confirmation code", "none")
        }
        let words: String
        switch await doors.deletion(code) {
        case .done(let tally)? where tally.counts.allSatisfy { $0 == 0 }:
            words = "Nothing was found under the id that the platform named."
        case .done?:
            words = """
                What was found under the id that the platform named is deleted, in conversations and in updates of the platform \
                that could not be read.
                """
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
        var orders: [String: [LaneName]] = [:]
        var given: [Event] = []
        var names: [String] = []
        let accounts = Set(signed.signers.flatMap(doors.accounts)).sorted()
        for account in accounts {
            guard let places = doors.lanes(account) else { throw Self.notHeld("no topology that was read") }
            let event = ForgetOrder.event(
                code: code, account: account, contact: signed.userID, by: "platform", at: doors.now())
            guard let bytes: [UInt8] = try? event.serializedBytes(),
                let order = ForgetOrder(event, at: .start)
            else { continue }
            orders[order.name] = places.map(\.lane).sorted()
            given.append(event)
            names += places.map { _ in order.name }
            events += places.map {
                LaneEvent(lane: $0.lane, id: event.id, bytes: bytes, generation: $0.generation)
            }
        }
        guard !events.isEmpty else { throw Self.notHeld("no lane of the app's accounts") }
        guard await doors.noteDeletion(code, orders) else { throw Self.notHeld("no note of it") }
        let results = await doors.holder.hold(events)
        var taken = orders.mapValues { _ in [LaneName]() }
        for ((event, name), result) in zip(zip(events, names), results) {
            if case .held = result { taken[name, default: []].append(event.lane) }
        }
        taken = taken.mapValues { $0.sorted() }
        guard taken == orders else {
            _ = await doors.noteDeletion(code, taken)
            throw Self.notHeld("one that refuses")
        }
        guard await doors.orderRetired(code, orders, given) else {
            throw Self.notHeld("a retired lane that cannot be reached")
        }
        guard await doors.clearQuarantine(accounts, signed.userID) else {
            throw Self.notHeld("no end of the quarantine")
        }
    }

    private static func notHeld(_ came: String) -> Refusal {
        Refusal(.serviceUnavailable, "not_held", "the order held by every lane", came)
    }

    /// Seconds for which a signed request is good, and by which our clock may be behind the platform's.
    private static let mostAge: Int64 = 3_600
    private static let mostAhead: Int64 = 300

    /// The same request has the same code: hex of the first 16 bytes of SHA-256 over who signed what and when.
    private static func code(of signed: SignedRequest) -> String {
        let parts = [signed.signers.first ?? "", signed.userID, String(signed.issuedAt)].joined(separator: "\u{1F}")
        return Digest.sha256(Array(parts.utf8)).prefix(16).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    private static func isCode(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
