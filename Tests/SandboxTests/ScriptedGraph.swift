import Contracts
import Delivery
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization

/// A Graph API that answers each call as a test says, on a real port, and remembers the calls.
final class ScriptedGraph: Sendable {
    struct Call: Sendable {
        let method: String
        /// Without the version.
        let path: String
        let query: [String: String]
        let token: String
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: String

        static func error(_ status: Int, code: Int, headers: [String: String] = [:]) -> Reply {
            Reply(status: status, headers: headers, body: #"{"error":{"message":"no","code":\#(code)}}"#)
        }
    }

    private let answer: @Sendable (Call) -> Reply
    private let state = Mutex<[Call]>([])

    init(_ answer: @escaping @Sendable (Call) -> Reply) {
        self.answer = answer
    }

    var calls: [Call] { state.withLock { $0 } }

    func calls(of path: String) -> Int { calls.count { $0.path == path } }

    func run(_ test: @Sendable @escaping (_ url: String) async throws -> Void) async throws {
        var logger = Logger(label: "graph")
        logger.logLevel = .critical
        let router = Router()
        router.get("**") { request, _ in self.answer(request) }
        router.post("**") { request, _ in self.answer(request) }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.ahc()) { client in
            try await test("http://localhost:\(client.port ?? 0)/v26.0")
        }
    }

    private func answer(_ request: Request) -> Response {
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
        let call = Call(
            method: request.method.rawValue, path: String(request.uri.path.dropFirst("/v26.0".count)), query: query,
            token: String((request.headers[.authorization] ?? "").dropFirst("Bearer ".count)))
        state.withLock { $0.append(call) }
        let reply = answer(call)
        var headers: HTTPFields = [.contentType: "application/json"]
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: .init(code: reply.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: reply.body)))
    }
}
