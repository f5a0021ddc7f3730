import Channels
import Contracts
import Conversations
import Hummingbird
import Ingress
import Instants
import Lanes
import Logging
import Redis
import ServiceLifecycle
import Settings
import Synchronization
import Telemetry

/// One ingress process: webhooks and the producer API in front of the lanes.
final class IngressRole: Service {
    struct Settings: Sendable {
        var host = "127.0.0.1"
        var port = 8_080
        var secrets: Secrets
        var verifyToken = ""
        var producerToken = ""
        /// File that holds events while their lane cannot take them; nil refuses them instead.
        var spool: String?
        var onListening: @Sendable (Int) async -> Void = { _ in }
    }

    private let settings: Settings
    private let connector: LaneConnector
    private let clock: NamespaceClock
    private let metrics: MetricRegistry
    private let log: Logger
    private let policy = Mutex<Policy?>(nil)
    private let fault = Mutex<String?>("not started")

    init(
        _ settings: Settings, connector: LaneConnector, clock: NamespaceClock, metrics: MetricRegistry, log: Logger
    ) {
        self.settings = settings
        self.connector = connector
        self.clock = clock
        self.metrics = metrics
        self.log = log.with(.role, "ingress")
    }

    /// Nil while it takes events, else the reason in words.
    var unreadyReason: String? { fault.withLock { $0 } }

    func run() async throws {
        let holder = try holder()
        let redis = try RedisThread(connector.endpoint, clientName: "ingress")
        let application = IngressServer.application(
            doors: doors(holder.events, redis), host: settings.host, port: settings.port, logger: log,
            onListening: settings.onListening)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await self.refresh(redis, spooled: holder.spooled) }
            try await group.next()
            group.cancelAll()
            while let _ = try? await group.next() {}
        }
        await offPool { holder.stop() }
    }

    private struct Holder: Sendable {
        let events: any EventHolder
        let spooled: @Sendable () -> Int
        let stop: @Sendable () -> Void
    }

    private func holder() throws -> Holder {
        var limits = AppenderLimits()
        limits.patience = Self.patience
        guard let path = settings.spool else {
            log.warning("No spool is named: while Redis is away, webhooks are refused")
            let appender = LaneAppender(connector: connector, limits: limits)
            return Holder(events: appender, spooled: { 0 }, stop: { appender.stop() })
        }
        let spooling = SpoolingHolder(connector: connector, limits: limits, spool: try Spool(path: path))
        return Holder(events: spooling, spooled: { spooling.spooledEvents }, stop: { spooling.stop() })
    }

    /// A platform waits five seconds for its answer.
    private static let patience: Duration = .seconds(4)

    private func doors(_ holder: any EventHolder, _ redis: RedisThread) -> IngressDoors {
        let quarantine = QuarantineStream(redis: redis, keyspace: connector.keyspace)
        return IngressDoors(
            secrets: { [self] in
                let names = Set((policy.withLock { $0 }?.accounts.values.map(\.secret)) ?? []).sorted()
                return names.flatMap { name in
                    settings.secrets.values(of: name).map { (name: name, secret: Array($0.utf8)) }
                }
            },
            secretName: { [self] account in policy.withLock { $0?.accounts[account]?.secret } },
            verifyToken: settings.verifyToken, producerToken: settings.producerToken,
            lane: { [self] event in
                guard let policy = policy.withLock({ $0 }) else { return nil }
                return try? policy.lane(of: event)
            },
            now: { [clock] in clock.now }, holder: holder,
            quarantine: { await quarantine.add($0) }, unreadyReason: { [self] in unreadyReason }, metrics: metrics)
    }

    /// Once a second: a newer policy, the namespace's clock, readiness.
    private func refresh(_ redis: RedisThread, spooled: @Sendable () -> Int) async {
        while !Task.isCancelled {
            metrics.set(.spooledEvents, to: Double(spooled()))
            await look(redis)
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func look(_ redis: RedisThread) async {
        let known = policy.withLock { $0?.number ?? 0 }
        let connector = connector
        do {
            let (newer, offset) = try await redis.run { connection in
                let policies = PolicyStore(connection: connection, keyspace: connector.keyspace)
                let newer = try policies.number() > known ? try policies.current() : nil
                let topology = try TopologyStore(connection: connection, keyspace: connector.keyspace).read()
                guard topology.isVirtual, let lane = topology.lanes.first else { return (newer, Duration.zero) }
                let store = LaneStore(connection: connection, keyspace: connector.keyspace)
                return (newer, try store.look([lane]).first?.offset ?? .zero)
            }
            clock.set(offset: offset)
            if let newer {
                let compiled = try Policy.build(try PolicyBundle(canonical: newer.bytes), number: newer.number)
                policy.withLock { $0 = compiled }
                log.info("Policy in force", metadata: .of((.count, "\(newer.number)")))
            }
            let hasPolicy = policy.withLock { $0 != nil }
            fault.withLock { $0 = hasPolicy ? nil : "no policy is published" }
        } catch {
            // Without Redis the last good policy stays; events are refused or spooled by the holder.
            fault.withLock { $0 = "\(error)" }
        }
    }
}

/// The bounded stream of updates that could not be normalised, `ns:{ctl}:quarantine`.
private struct QuarantineStream: Sendable {
    private static let mostEntries = 10_000
    let redis: RedisThread
    let keyspace: Keyspace

    /// Writes each; false if one could not be written.
    func add(_ updates: [Quarantined]) async -> Bool {
        let key = keyspace.control("quarantine")
        let commands = updates.map { update in
            var command = RedisCommand("XADD", key, "MAXLEN", "~", String(Self.mostEntries), "*")
            for (name, value) in [
                ("reason", update.reason.rawValue), ("detail", update.detail), ("account", update.account),
                ("path", update.path), ("received_at", update.received.description),
            ] {
                command.add(name)
                command.add(value)
            }
            command.add("raw")
            command.add(update.raw)
            return command
        }
        guard let replies = try? await redis.run({ try $0.pipeline(commands) }) else { return false }
        return replies.allSatisfy { $0.error == nil }
    }
}
