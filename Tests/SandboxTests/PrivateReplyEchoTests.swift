import Channels
import Contracts
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Instants
import Logging
import NIOCore
import Sandbox
import Testing

@Suite("Echoes of private answers")
struct PrivateReplyEchoTests {
    /// Bodies of webhooks, as an ingress gets them.
    private static func receiving(
        _ test: @Sendable @escaping (_ url: String, AsyncStream<[UInt8]>) async throws -> Void
    ) async throws {
        let (bodies, door) = AsyncStream<[UInt8]>.makeStream()
        let router = Router()
        router.post("/hook") { request, _ -> HTTPResponse.Status in
            let buffer = try await request.body.collect(upTo: 1 << 20)
            door.yield(Array(buffer.readableBytesView))
            return .ok
        }
        var logger = Logger(label: "hook")
        logger.logLevel = .critical
        let hook = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await hook.test(.ahc()) { client in
            try await test("http://localhost:\(try #require(client.port))/hook", bodies)
        }
    }

    @Test("come in the direct thread with the author, and lead back to the comment's conversation")
    func echo() async throws {
        try await Self.receiving { url, bodies in
            var settings = SandboxSettings(accounts: [SandboxTests.page], webhookURL: url) { SandboxTests.now }
            settings.echoes = true
            try await SandboxTests.run(settings) { url, _, client in
                let said: JSONValue = [
                    "account": .string(SandboxTests.page.id), "contact": "77", "text": "?", "kind": "comment",
                ]
                let comment = try await client.execute(
                    uri: "/say", method: .post, body: ByteBuffer(bytes: said.bytes(escaping: .unicode))
                ) { response in
                    try JSONValue(parsing: Array(response.body.readableBytesView))["id"]?.string
                }
                var action = SandboxTests.action(.privateReply, comment: try #require(comment))
                action.contact = ""
                action.conversation =
                    EntityID.comments(
                        account: SandboxTests.page.id, originalPost: "900", root: action.comment
                    ).text
                guard case .delivered(let id) = try await SandboxTests.carryOut(action, at: url) else {
                    Issue.record("expected delivered")
                    return
                }
                for await body in bodies {
                    let updates = try MetaNormaliser(knows: { _ in true })
                        .normalise(body, received: SandboxTests.now)
                    guard let event = updates.events.first?.event, case .echo(let echo) = event.kind else { continue }
                    #expect(echo.message == id && event.contact == "77")
                    #expect(event.conversation == action.conversation)
                    #expect(SendMark(echo.metadata)?.action == action.actionID)
                    return
                }
            }
        }
    }
}
