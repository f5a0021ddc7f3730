// The Graph API as far as the spine calls it: messages, replies to comments, hiding, deleting.
//
// It answers in the platform's shapes, writes what it accepts to the ledger before it answers, and refuses, fails or
// falls silent as its faults say. Windows and throttling are as the settings have them; whose token came, and limits, are the gate's matter.

internal import Channels
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Instants

struct GraphController: Sendable {
    /// Longest body of a call; the platform's texts are far below.
    private static let mostBodyBytes = 256 << 10

    let settings: SandboxSettings
    let ledger: SandboxLedger
    let threads: SandboxThreads
    let faults: FaultDraw
    let echoes: EchoPump
    let throttle: SandboxThrottle
    let windows: SandboxWindows
    let messages: SandboxMessages
    let posts: SandboxPosts
    let limits: SandboxLimits

    func add(to router: Router<BasicRequestContext>) {
        router.post("/:version/:node/messages") { request, context in
            try await call(request, context, message)
        }
        for edge in ["comments", "replies"] {
            router.post("/:version/:node/\(edge)") { request, context in try await call(request, context, reply) }
        }
        router.post("/:version/:node") { request, context in try await call(request, context, hide) }
        router.delete("/:version/:node") { request, context in try await call(request, context, delete) }
    }

    /// What a call asks for, once it is read.
    struct Call: Sendable {
        let node: String
        /// The account that the call is about; nil for a token that is nobody's.
        let caller: SandboxAccount?
        /// Another id of the same account's, at which calls about it are not taken.
        let isOwnNode: Bool
        let query: [String: String]
        let body: JSONValue
    }

    /// What is accepted: the line without instant and fate, and the answer.
    struct Accepted: Sendable {
        var kind: String
        var account: String
        var recipient: String
        var metadata = ""
        var text = ""
        var tag = ""
        var left: Duration?
        var id: String
        var answer: JSONValue
        var person: SandboxThreads.Person?
        var parts: SandboxParts?
    }

    /// What a call comes to.
    enum Reading: Sendable {
        case accepted(Accepted)
        case beyond(SandboxLimits.Excess)
        case refused(status: Int, code: Int64, subcode: Int64 = 0, message: String)
    }

    private func call(
        _ request: Request, _ context: BasicRequestContext, _ read: (Call) -> Reading
    ) async throws -> Response {
        let buffer = try await request.body.collect(upTo: Self.mostBodyBytes)
        let bytes = Array(buffer.readableBytesView)
        let body = bytes.isEmpty ? JSONValue.object([:]) : (try? JSONValue(parsing: bytes)) ?? .null
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
        let node = context.parameters.get("node").map { $0.removingPercentEncoding ?? $0 } ?? ""
        let token = SandboxCaller(request, settings)
        let isMessage = context.parameters.get("node") != nil && request.uri.path.hasSuffix("/messages")
        let caller =
            isMessage
            ? token.account(at: node, recipient: body["recipient"], threads, posts, messages)
            : token.account(of: node, threads, posts)
        if let id = caller?.id, let standing = throttle.standing(of: id) {
            return try Self.refuse(id, standing, ledger, now: settings.now())
        }
        let effect = faults.next()
        if settings.latency > .zero { try await Task.sleep(for: settings.latency) }
        switch effect {
        case .refuse(let status, let code):
            return Self.error(status, code, "(#\(code)) injected by the sandbox")
        case .fail:
            return Response.page("Bad gateway", type: "text/plain", .badGateway)
        case .hang:
            try await Task.sleep(for: settings.silence)
            return Response.page("Gateway timeout", type: "text/plain", .gatewayTimeout)
        case .acceptSilently, .acceptAndFail, nil:
            break
        }
        let isOwn = token.accounts.contains { $0.id == node }
        switch read(Call(node: node, caller: caller, isOwnNode: isOwn, query: query, body: body)) {
        case .beyond(let excess):
            guard let account = caller else { return GraphReads.refused }
            return try SandboxGate(settings: settings, limits: limits, ledger: ledger).refuse(excess, account)
        case .refused(let status, let code, let subcode, let message):
            return Self.error(status, code, message, subcode: subcode)
        case .accepted(let accepted):
            try accept(accepted, answered: effect == nil)
            if effect == .acceptAndFail { return Response.page("Bad gateway", type: "text/plain", .badGateway) }
            guard effect == nil else {
                try await Task.sleep(for: settings.silence)
                return Response.page("Gateway timeout", type: "text/plain", .gatewayTimeout)
            }
            return Response.json(accepted.answer)
        }
    }

    private func accept(_ accepted: Accepted, answered: Bool) throws {
        let now = settings.now()
        try ledger.append(
            LedgerLine(
                at: now, kind: accepted.kind, account: accepted.account, recipient: accepted.recipient,
                metadata: accepted.metadata, text: accepted.text, id: accepted.id, answered: answered,
                tag: accepted.tag, left: accepted.left, cards: accepted.parts?.cards ?? [],
                quickReplies: accepted.parts?.quickReplies ?? []))
        if accepted.kind == "reply" {
            // Replies are flat: one to a reply stands below the thread's first comment.
            let root = posts.comment(accepted.recipient, of: accepted.account)?.parent
            threads.noteReply(accepted.id, to: root ?? accepted.recipient, accepted.text)
        }
        guard let person = accepted.person else { return }
        threads.add(
            SandboxThreads.Text(
                at: now, isCustomer: false, kind: accepted.kind, text: accepted.parts?.shown ?? accepted.text),
            to: person)
        let isMessage = accepted.kind == "send" || accepted.kind == "private_reply"
        if isMessage {
            messages.add(
                .init(id: accepted.id, text: accepted.text, at: now, isOwn: true), account: person.account,
                contact: person.contact)
        }
        guard settings.echoes, isMessage, let account = settings.account(person.account) else { return }
        echoes.post(
            account,
            WebhookBodies.echo(
                account: account.id, contact: person.contact, id: accepted.id, text: accepted.text,
                metadata: accepted.metadata.isEmpty ? nil : accepted.metadata, app: settings.app(of: account.id),
                at: now))
    }

    private func reply(_ call: Call) -> Reading {
        if let account = call.caller, let refusal = refusal(of: call.node, account) { return refusal }
        guard let text = call.body["message"]?.string ?? call.query["message"], !text.isEmpty else {
            return .refused(status: 400, code: 100, message: "(#100) Param message must be a text")
        }
        let person = threads.author(of: call.node)
        let id = "\(call.node)_r\(threads.nextNumber())"
        return .accepted(
            Accepted(
                kind: "reply", account: person?.account ?? call.caller?.id ?? "", recipient: call.node, text: text,
                id: id,
                answer: ["id": .string(id)], person: person))
    }

    private func hide(_ call: Call) -> Reading {
        let hidden = call.body["is_hidden"]?.bool ?? call.query["hide"].map { $0 == "true" }
        guard let hidden else {
            return .refused(status: 400, code: 100, message: "(#100) Expected is_hidden or hide")
        }
        return moderation(hidden ? "hide" : "unhide", call)
    }

    private func delete(_ call: Call) -> Reading { moderation("delete", call) }

    private func moderation(_ kind: String, _ call: Call) -> Reading {
        if let account = call.caller, let refusal = refusal(of: call.node, account) { return refusal }
        let person = threads.author(of: call.node)
        return .accepted(
            Accepted(
                kind: kind, account: person?.account ?? call.caller?.id ?? "", recipient: call.node, id: "",
                answer: ["success": true], person: person))
    }

    /// The answer to a call of a throttled account, with the time until calls are taken again. It stands in the ledger with
    /// the milliseconds since its platform first refused.
    static func refuse(
        _ account: String, _ standing: SandboxThrottle.Standing, _ ledger: SandboxLedger, now: Instant
    ) throws -> Response {
        try ledger.append(
            LedgerLine(
                at: now, kind: "throttled", account: account, recipient: "\(standing.window)", metadata: "",
                text: "\(standing.known.wholeMilliseconds)", id: "", answered: true))
        var response = error(400, 613, "(#613) Calls to this api have exceeded the rate limit")
        let minutes = Double(max(1, standing.left.wholeMilliseconds)) / 60_000
        if let name = HTTPField.Name("x-business-use-case-usage") {
            response.headers[name] =
                #"{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":\#(minutes)}]}"#
        }
        return response
    }

    private static func error(_ status: Int, _ code: Int64, _ message: String, subcode: Int64 = 0) -> Response {
        var error: [String: JSONValue] = [
            "message": .string(message), "type": "OAuthException", "code": .integer(code), "fbtrace_id": "sandbox",
        ]
        if subcode != 0 { error["error_subcode"] = .integer(subcode) }
        return Response.json(["error": .object(error)], .init(code: status))
    }
}

extension Response {
    static func json(_ value: JSONValue, _ status: HTTPResponse.Status = .ok) -> Response {
        page(value.text(), type: "application/json", status)
    }

    static func page(_ text: String, type: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "\(type); charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
