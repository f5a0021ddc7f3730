import Hummingbird
import Logging
import ServiceLifecycle
import Telemetry

/// `/healthz`, `/readyz` and `/metrics` of a role without an HTTP server of its own.
struct HealthServer: Service {
    let host: String
    let port: Int
    let metrics: MetricRegistry
    let log: Logger
    /// What `/capacity` answers, JSON; the path is missing without it.
    let capacity: (@Sendable () -> String?)?
    /// What a ready process has to say besides; nil if nothing.
    let remark: @Sendable () -> String?
    /// Nil while ready, else the reason in words.
    let unreadyReason: @Sendable () -> String?

    init(
        host: String, port: Int, metrics: MetricRegistry, log: Logger, capacity: (@Sendable () -> String?)? = nil,
        remark: @escaping @Sendable () -> String? = { nil }, unreadyReason: @escaping @Sendable () -> String?
    ) {
        self.host = host
        self.port = port
        self.metrics = metrics
        self.log = log
        self.capacity = capacity
        self.remark = remark
        self.unreadyReason = unreadyReason
    }

    func run() async throws {
        let router = Router()
        let metrics = metrics
        let (remark, unreadyReason) = (remark, unreadyReason)
        router.get("/healthz") { _, _ in "ok\n" }
        router.get("/readyz") { _, _ in
            let reason = unreadyReason()
            let word = reason ?? remark().map { "ready; \($0)" } ?? "ready"
            return Response(
                status: reason == nil ? .ok : .serviceUnavailable,
                body: ResponseBody(byteBuffer: ByteBuffer(string: word + "\n")))
        }
        router.get("/metrics") { _, _ in metrics.text() }
        if let capacity {
            router.get("/capacity") { _, _ in
                let text = capacity()
                return Response(
                    status: text == nil ? .serviceUnavailable : .ok,
                    body: ResponseBody(
                        byteBuffer: ByteBuffer(string: (text ?? "does not lead, or nobody has measured yet") + "\n")))
            }
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: "nightshift"),
            logger: log)
        try await application.run()
    }
}
