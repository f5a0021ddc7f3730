// The link in a notice. GET shows a button, POST acknowledges: chats fetch links on their own to show what is behind them,
// and that must not count as a person.

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants
internal import Lanes
internal import NIOCore
internal import SwiftProtobuf
internal import Telemetry

struct AcknowledgeController: Sendable {
    let doors: IngressDoors

    func show(_ request: Request) throws(Refusal) -> Response {
        let link = try link(of: request)
        let target = Self.escaped(link.target)
        let kind = (try? EntityID(link.conversation))?.kind
        let waits = kind == .desk ? "customers wait" : kind == .matter ? "something is up" : "a customer waits"
        let button = kind == .desk ? "I see to all of it" : "I see to it"
        return Self.page(
            "<p>\(target), \(waits).</p><form method=\"post\"><button>\(button)</button></form>")
    }

    func acknowledge(_ request: Request) async throws(Refusal) -> Response {
        let link = try link(of: request)
        var event = Event()
        event.id = "ack.\(link.notice)"
        let entity = try? EntityID(link.conversation)
        // A desk and its matters are no account's.
        let isDesk = entity?.kind == .desk || entity?.kind == .matter
        event.account = isDesk ? "" : entity?.parts.first ?? ""
        event.conversation = link.conversation
        event.happenedAt = doors.now().milliseconds
        event.receivedAt = event.happenedAt
        event.claim.agent = link.target
        guard let place = doors.place(event), let bytes: [UInt8] = try? event.serializedBytes() else {
            throw Refusal(.notFound, "acknowledge", "a conversation of the policy", "another")
        }
        let results = await doors.holder.hold([place.event(event.id, bytes)])
        guard case .held = results.first else {
            throw Refusal(.serviceUnavailable, "not_held", "the acknowledgement held", "a lane that refuses")
        }
        doors.metrics.add(.eventsAccepted, [("source", "acknowledge")])
        return Self.page("<p>Thank you, \(Self.escaped(link.target)). Nobody else is called.</p>")
    }

    private func link(of request: Request) throws(Refusal) -> AcknowledgeLink {
        let query = request.uri.queryParameters
        let link = AcknowledgeLink(
            { name in query[name[...]].map(String.init) }, secrets: doors.acknowledgeSecrets(), now: doors.wallClock())
        guard let link else { throw Refusal(.forbidden, "acknowledge", "a link of ours that has not ended", "another") }
        return link
    }

    private static func page(_ body: String) -> Response {
        let head =
            "<!doctype html><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\"><title>Nightshift</title>"
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: head + body)))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
