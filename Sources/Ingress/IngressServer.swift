internal import Channels
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
internal import Instants
package import Logging
internal import NIOCore
internal import Telemetry

/// The HTTP server of ingress: webhooks, the producer API, health, readiness and metrics.
package enum IngressServer {
    /// Builds the server; whoever runs it decides about its life.
    ///
    /// - Parameters:
    ///   - port: 0 picks a free one, which `onListening` is told.
    package static func application(
        doors: IngressDoors, limits: IngressLimits = IngressLimits(), host: String = "127.0.0.1", port: Int,
        logger: Logger, onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let idle = TimeAmount.milliseconds(limits.idle.wholeMilliseconds)
        var channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestBounds(limits)], idleTimeout: idle)
        channel.httpDecoder = .init(
            maxHeaderFieldSize: limits.mostHeaderBytes, maxHeaderListSize: limits.mostHeaderBytes,
            maxHeaderFieldCount: limits.mostHeaders)
        return Application(
            router: router(doors: doors, limits: limits, logger: logger),
            server: .http1(configuration: channel),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "nightshift",
                availableConnectionsDelegate: MaximumAvailableConnections(limits.mostConnections)),
            onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
            logger: logger)
    }

    private static func router(
        doors: IngressDoors, limits: IngressLimits, logger: Logger
    ) -> Router<BasicRequestContext> {
        let bodies = RequestBodies(limits: limits)
        let webhooks = WebhookController(doors: doors, bodies: bodies)
        let producers = ProducerController(doors: doors, bodies: bodies, mostLines: limits.mostLines)
        let generic = GenericController(doors: doors, bodies: bodies)
        let acknowledge = AcknowledgeController(doors: doors)
        let deletions = DeletionController(doors: doors, bodies: bodies)
        let router = Router()
        router.post("\(DeletionController.path)") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await deletions.receive(request) }
        }
        router.get("\(DeletionController.path)") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await deletions.show(request) }
        }
        router.get("/webhooks/meta") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try webhooks.handshake(request) }
        }
        router.post("/webhooks/meta") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await webhooks.receive(request) }
        }
        router.post("/webhooks/generic") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await generic.receive(request) }
        }
        router.get("\(AcknowledgeLink.path)") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try acknowledge.show(request) }
        }
        router.post("\(AcknowledgeLink.path)") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await acknowledge.acknowledge(request) }
        }
        router.post("/v1/events") { request, _ in
            await answering(doors, logger) { () throws(Refusal) in try await producers.receive(request) }
        }
        router.get("/healthz") { _, _ in Response.text("ok\n") }
        router.get("/readyz") { _, _ in
            let reason = doors.unreadyReason()
            let word = reason ?? doors.remark().map { "ready; \($0)" } ?? "ready"
            return Response.text(word + "\n", reason == nil ? .ok : .serviceUnavailable)
        }
        router.get("/metrics") { _, _ in Response.text(doors.metrics.text()) }
        return router
    }

    private static func answering(
        _ doors: IngressDoors, _ logger: Logger, _ work: () async throws(Refusal) -> Response
    ) async -> Response {
        do throws(Refusal) {
            return try await work()
        } catch {
            doors.metrics.add(.webhooksRefused, [("reason", error.reason)])
            logger.warning("Request refused", metadata: .of((.reason, error.reason)))
            let fault = EventJSONError(expected: error.expected, came: error.came, place: "request")
            let body: JSONValue = ["error": fault.json]
            return Response.lines(error.status, body.bytes() + [0x0A], retry: error.status == .serviceUnavailable)
        }
    }
}

extension Response {
    static func text(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func lines(_ status: HTTPResponse.Status, _ bytes: [UInt8], retry: Bool) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if retry { headers[.retryAfter] = "1" }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
