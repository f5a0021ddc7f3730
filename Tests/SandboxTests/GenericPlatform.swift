import Channels
import Contracts
import Delivery
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Instants
import Logging
import NIOCore
import Synchronization
import Testing

/// Another platform's bridge as CHANNELS.md asks for it, on a real port, with the faults that bridges have.
final class GenericPlatform: Sendable {
    struct Faults: Sendable {
        var checksSignature = true
        var checksInstant = true
        var remembersActions = true
        var knowsItsKinds = true
        /// Compares the header as a whole, as if there were never two signatures in it.
        var takesOneSignature = false
        /// Answers a kind that it does not know like a path that it does not know.
        var knowsUnsupported = true
        /// Answers what is done about a comment differently each time.
        var isUnsureOfComments = false
        /// Answers every call with this instead.
        var answer: (status: Int, body: String)?
        var retryAfter: Int?
    }

    struct Call: Sendable {
        let key: String
        let body: JSONValue
        let isSigned: Bool
    }

    static let secret = Array("bridge-secret".utf8)

    private let faults: Faults
    private let now: @Sendable () -> Instant
    private let state = Mutex<(calls: [Call], ids: [String: String])>(([], [:]))

    init(_ faults: Faults = Faults(), now: @escaping @Sendable () -> Instant = { SandboxTests.now }) {
        self.faults = faults
        self.now = now
    }

    var calls: [Call] { state.withLock { $0.calls } }
    /// Texts that a customer would see.
    var shown: Int { state.withLock { $0.ids.count } }

    func run(_ test: @Sendable @escaping (_ url: String) async throws -> Void) async throws {
        var logger = Logger(label: "bridge")
        logger.logLevel = .critical
        let router = Router()
        router.post("/bridge") { request, _ in try await self.answer(request) }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.ahc()) { client in
            try await test("http://localhost:\(try #require(client.port))/bridge")
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        let bytes = Array(buffer.readableBytesView)
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        let verdict = RequestSignature.verify(
            bytes, signature: header(RequestSignature.header), timestamp: header(RequestSignature.timestampHeader),
            now: faults.checksInstant
                ? now() : Instant(seconds: Int64(header(RequestSignature.timestampHeader) ?? "") ?? 0),
            among: [("bridge", Self.secret)])
        let key = header(GenericOutbound.keyHeader) ?? ""
        let body = (try? JSONValue(parsing: bytes)) ?? .null
        let isAlone = header(RequestSignature.header)?.contains(",") == false
        let isSigned = verdict == .signed(by: ["bridge"]) && (isAlone || !faults.takesOneSignature)
        state.withLock { $0.calls.append(Call(key: key, body: body, isSigned: isSigned)) }
        if let given = faults.answer { return Self.response(given.status, given.body, faults.retryAfter) }
        if faults.checksSignature, !isSigned { return Self.response(401, #"{"reason":"signature"}"#) }
        let kind = body["action"]?["kind"]?.string ?? ""
        if faults.knowsItsKinds, kind != "send", !faults.isUnsureOfComments || kind == "conformance_unknown" {
            return faults.knowsUnsupported
                ? Self.response(200, #"{"status":"unsupported"}"#) : Self.response(404, "no such kind")
        }
        if faults.isUnsureOfComments, ["reply", "hide"].contains(kind) {
            let number = state.withLock { $0.calls.count }
            return Self.response(200, number % 2 == 0 ? #"{"status":"failed"}"# : #"{"status":"unsupported"}"#)
        }
        let id = state.withLock { state in
            let id = faults.remembersActions ? state.ids[key] ?? "p\(state.ids.count + 1)" : "p\(state.ids.count + 1)"
            state.ids[faults.remembersActions ? key : id] = id
            return id
        }
        return Self.response(200, #"{"status":"delivered","id":"\#(id)"}"#)
    }

    private static func response(_ status: Int, _ body: String, _ retryAfter: Int? = nil) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        return Response(
            status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
