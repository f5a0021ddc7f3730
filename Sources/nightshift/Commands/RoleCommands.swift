import ArgumentParser
import Foundation
import Lanes
import Logging
import Sandbox
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

/// What every role's process takes.
struct RoleOptions: ParsableArguments {
    @OptionGroup var redis: RedisOptions
    @OptionGroup var durability: DurabilityOptions
    @Option(help: "This process's name among its kind, [a-z0-9-]; by default the host's.") var name: String?
    @Flag(help: "Log every line, not only warnings.") var verbose = false

    var connector: LaneConnector {
        get throws {
            LaneConnector(
                endpoint: try redis.endpoint(environment: ProcessInfo.processInfo.environment),
                keyspace: try redis.keyspace(), durability: try durability.level)
        }
    }

    /// The connector, once its Redis was found to keep what the durability promises.
    func checkedConnector() async throws -> LaneConnector {
        let connector = try connector
        try await StartChecks.durability(connector, log: logger)
        return connector
    }

    /// The given name, or the host's name and this process's number.
    func name(_ kind: String) -> String {
        if let name { return name }
        let host = ProcessInfo.processInfo.hostName.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" }
        return String("\(kind)-\(host.prefix(20))-\(ProcessInfo.processInfo.processIdentifier)".prefix(40))
    }

    var logger: Logger {
        var logger = Logger(label: "nightshift")
        logger.logLevel = verbose ? .info : .warning
        return logger
    }

    /// Runs services in the order of their dependence until SIGINT or SIGTERM; 30 s for a graceful end.
    func run(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// A worker process, as production runs it.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run one worker: runners that decide, a courier that delivers.")

    @OptionGroup var role: RoleOptions
    @Option(help: "Runners, each a thread with a connection of its own.") var runners = 2
    @OptionGroup var graph: GraphOptions
    @Option(help: "Folder with secrets; the file `token-<page or account>` holds an access token.") var secrets: String?
    @Option(help: "File that says how people are called; without it notices are logged. See ops/notices.example.yaml.")
    var notices: String?
    @Option(help: "Port of /healthz, /readyz and /metrics; 0 picks a free one.") var port = 9_101
    @Option(help: "Address of that port; they tell no secrets, but belong on no public one.") var host = "127.0.0.1"
    @Option(help: "Milliseconds after which a call without an answer counts as ambiguous.")
    var patienceMs: Int64 = 30_000

    func run() async throws {
        let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
        let metrics = MetricRegistry()
        let log = role.logger
        let targets = try notices.map { path in
            guard let text = FileManager.default.contents(atPath: path) else {
                throw Failure(expected: "a file that can be read", came: "none", at: path)
            }
            return try NoticeTargets(text: Array(text), file: path)
        }
        if targets == nil {
            log.warning("Nobody is called: without --notices what calls a person is only logged")
        }
        let connector = try await role.checkedConnector()
        let watch = RedisWatch(connector, metrics: metrics, log: log)
        let worker = WorkerRole(
            .init(
                name: role.name("worker"), runners: runners, graph: graph.graph, graphInstagram: graph.graphInstagram,
                tokens: { store.values(of: "token-\($0)") }, secrets: { store.values(of: $0) },
                notices: targets,
                notice: { log.warning("A person is called", metadata: .of((.reason, $0))) },
                patience: .milliseconds(patienceMs), clocks: watch.clocks),
            connector: connector, metrics: metrics, log: log)
        try await role.run([
            HealthServer(host: host, port: port, metrics: metrics, log: log, remark: { watch.remark }) {
                worker.unreadyReason ?? watch.unreadyReason
            },
            watch, worker,
        ])
    }
}

/// A coordinator process; several may run, one leads.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Run one coordinator: places lanes on workers while it leads.")

    @OptionGroup var role: RoleOptions
    @Option(help: "Port of /healthz, /readyz and /metrics; 0 picks a free one.") var port = 9_102
    @Option(help: "Address of that port; they tell no secrets, but belong on no public one.") var host = "127.0.0.1"

    func run() async throws {
        FreedMemory.givesBackAtOnce()
        let metrics = MetricRegistry()
        let connector = try await role.checkedConnector()
        let watch = RedisWatch(connector, metrics: metrics, log: role.logger)
        let coordinator = try CoordinatorRole(
            name: role.name("coordinator"), connector: connector, metrics: metrics, log: role.logger)
        try await role.run([
            HealthServer(
                host: host, port: port, metrics: metrics, log: role.logger, capacity: { coordinator.capacity },
                remark: { watch.remark }, unreadyReason: { coordinator.unreadyReason ?? watch.unreadyReason }),
            watch, coordinator,
        ])
    }
}

/// An ingress process: webhooks and the producer API.
struct IngressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingress", abstract: "Run one ingress: webhooks and the producer API in front of the lanes.",
        discussion: """
            Secrets are read by name from --secrets DIR or NIGHTSHIFT_SECRET_<NAME>. The names verify_token and \
            producer_token open the handshake and the producer API; without them both are refused. Files are read anew each \
            second; while a secret is exchanged both values count, a line each.
            """)

    @OptionGroup var role: RoleOptions
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on.") var port = 8_080
    @Option(help: "Folder with secrets, a file each.") var secrets: String?
    @Option(help: "File that holds events while their lane cannot take them; of this process alone.") var spool: String?
    @Option(
        help:
            "Where people reach this ingress, https://…; the page that says how far a deletion is. Without it they are refused."
    ) var publicUrl: String?

    func run() async throws {
        let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
        // With a spool it takes webhooks before Redis answers; without one it waits for it.
        let connector = try await spool == nil ? role.checkedConnector() : role.connector
        let metrics = MetricRegistry()
        let watch = RedisWatch(connector, metrics: metrics, log: role.logger)
        let ingress = try IngressRole(
            .init(
                name: role.name("ingress"), host: host, port: port, secrets: store,
                publicAddress: try publicUrl.map(Self.address), spool: spool,
                checksDurability: spool != nil, remark: { watch.unreadyReason ?? watch.remark }),
            connector: connector, clock: NamespaceClock(), metrics: metrics, log: role.logger)
        try await role.run([watch, ingress])
    }

    private static func address(_ text: String) throws -> String {
        guard text.hasPrefix("https://") || text.hasPrefix("http://127.0.0.1") || text.hasPrefix("http://localhost"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Failure(expected: "an address https://…", came: "another", at: "--public-url") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}

/// The platform's double as a process of its own, for drills and trials.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run the sandbox channel: a double of the Graph API with a ledger and a page.",
        shouldDisplay: false)

    @OptionGroup var config: ConfigOptions
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on.") var port = 8_090
    @Option(help: "Folder with secrets, a file each.") var secrets: String?
    @Option(help: "Where webhooks go.") var webhook = "http://127.0.0.1:8080/webhooks/meta"
    @Option(help: "File of the ledger; appended to.") var ledger: String
    @Option(help: "Milliseconds before each answer.") var latencyMs: Int64 = 0
    @OptionGroup var trouble: SandboxTrouble

    func run() async throws {
        let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
        let clock = NamespaceClock(offset: .milliseconds(trouble.clockAheadMs))
        var settings = SandboxSettings(
            accounts: SandboxAccount.accounts(of: try config.policy(), secrets: store), webhookURL: webhook,
            now: { clock.now })
        settings.latency = .milliseconds(latencyMs)
        trouble.apply(to: &settings)
        var logger = Logger(label: "nightshift")
        logger.logLevel = .warning
        let sandbox = try SandboxRole(settings: settings, ledgerPath: ledger, host: host, port: port, log: logger)
        try await ServiceGroup(
            configuration: .init(
                services: [.init(service: sandbox)], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        ).run()
    }
}
