package import AsyncHTTPClient
internal import Channels
internal import NIOCore
internal import NIOHTTP1
internal import ServiceLifecycle

/// Posts signed bodies to the ingress, as the platform would.
package struct WebhookSender: Sendable {
    private let client: HTTPClient
    private let url: String
    private let patience: Duration

    /// - Parameter patience: the platform waits 5 s (DOMAIN.md 4.3).
    package init(client: HTTPClient = .shared, url: String, patience: Duration = .seconds(5)) {
        self.client = client
        self.url = url
        self.patience = patience
    }

    /// The status of the answer; only 200 means that the updates are held.
    package func post(_ body: WebhookBodies.Signed) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: WebhookSignature.headerName, value: body.signature)
        request.body = .bytes(ByteBuffer(bytes: body.bytes))
        let response = try await client.execute(request, timeout: .milliseconds(patience.components.seconds * 1_000))
        _ = try await response.body.collect(upTo: 64 << 10)
        return Int(response.status.code)
    }
}

/// Sends echoes behind the calls that caused them, in order, one at a time; at most 10,000 wait, newer ones are dropped,
/// as the platform's echoes are best effort.
struct EchoPump: Service {
    private struct Echo: Sendable {
        let account: SandboxAccount
        let update: WebhookBodies.Update
    }

    private let sender: WebhookSender
    private let settings: SandboxSettings
    private let stream: AsyncStream<Echo>
    private let continuation: AsyncStream<Echo>.Continuation

    init(sender: WebhookSender, settings: SandboxSettings) {
        self.sender = sender
        self.settings = settings
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    func post(_ account: SandboxAccount, _ update: WebhookBodies.Update) {
        continuation.yield(Echo(account: account, update: update))
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            for await echo in stream {
                let body = WebhookBodies.body(
                    account: echo.account.id, isInstagram: echo.account.isInstagram, at: settings.now(), [echo.update])
                // An ingress that is down gets no second echo; the courier's own wait covers that.
                _ = try? await sender.post(WebhookBodies.signed(body, secret: echo.account.secret))
            }
        } onGracefulShutdown: {
            continuation.finish()
        }
    }
}
