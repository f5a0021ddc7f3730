import Channels
import Conversations
import Delivery
import Foundation
import Instants
import Lanes
import Logging
import Redis
import Sandbox
import ServiceLifecycle
import Settings
import Synchronization
import Telemetry
import UnixSignals

/// All roles of `up` in one process, wired over one Redis.
struct House {
    let up: UpCommand
    let connector: LaneConnector
    let place: WorkPlace
    let policy: Policy
    let secrets: Secrets
    let clock: NamespaceClock
    let ingressPort: Int
    let pagePort: Int
    let producerToken: String
    let start: Instant?

    /// Publishes the configuration and picks ports and secrets; nothing runs yet.
    init(_ up: UpCommand, connector: LaneConnector, place: WorkPlace) throws {
        self.up = up
        self.connector = connector
        self.place = place
        let files = try ConfigFiles(folder: up.config)
        let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let start = up.sample ? SampleStart.next(after: now) : nil
        let offset = start.map { $0 - now } ?? .zero
        let session = try Session(connector)
        policy = try session.publish(files, zones: ZoneFolder(up.zoneinfo)) {
            TopologyWish($0, isVirtual: up.sample, offset: offset)
        }
        clock = NamespaceClock(offset: offset)
        self.start = start
        let names = Set(policy.accounts.values.map(\.secret))
        producerToken = Self.randomText()
        secrets = Secrets(
            folder: nil, environment: [:],
            given: Dictionary(
                names.union(["verify_token"]).map { ($0, [Self.randomText()]) } + [("producer_token", [producerToken])],
                uniquingKeysWith: { _, last in last }))
        ingressPort = try FreePort.choose(up.port ?? (up.exit ? 0 : 8_080), option: "--port")
        pagePort = try FreePort.choose(up.pagePort ?? (up.exit ? 0 : 8_090), option: "--page-port")
    }

    /// Runs until Ctrl-C, SIGTERM, or the end of the sample with --exit.
    func run() async throws {
        let log = up.logger
        let metrics = MetricRegistry()
        let notices = Mutex<Int>(0)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        services.append(.init(service: try sandbox(log)))
        services.append(
            .init(service: try CoordinatorRole(name: "coordinator", connector: connector, metrics: metrics, log: log)))
        for number in 1...up.workers {
            let role = WorkerRole(
                .init(
                    name: "worker-\(number)", runners: up.runners, graph: "http://127.0.0.1:\(pagePort)/v26.0",
                    graphInstagram: "http://127.0.0.1:\(pagePort)/instagram-v26.0",
                    tokens: { ["token-\($0)"] },
                    notice: { text in
                        notices.withLock { $0 += 1 }
                        log.warning("A person is called", metadata: .of((.reason, text)))
                    }), connector: connector, metrics: metrics, log: log)
            services.append(.init(service: role))
        }
        services.append(.init(service: try ingress(metrics, log)))
        let guide = Guide(house: self)
        services.append(
            .init(
                service: guide, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigint, .sigterm], logger: log)
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        try await group.run()
        if let failure = guide.failure { throw failure }
    }

    private func sandbox(_ log: Logger) throws -> SandboxRole {
        let clock = clock
        var settings = SandboxSettings(
            accounts: SandboxAccount.accounts(of: policy, secrets: secrets),
            webhookURL: "http://127.0.0.1:\(ingressPort)/webhooks/meta", now: { clock.now })
        settings.windows = .platform
        settings.echoes = true
        settings.subscribedFields = MetaChannel.allCases.flatMap { AccountInspection.neededFields($0) }
        return try SandboxRole(
            settings: settings, ledgerPath: place.folder.appending(path: "ledger.jsonl").path, port: pagePort, log: log)
    }

    private func ingress(_ metrics: MetricRegistry, _ log: Logger) throws -> IngressRole {
        try IngressRole(
            .init(
                port: ingressPort, secrets: secrets, spool: place.folder.appending(path: "spool.sqlite").path),
            connector: connector, clock: clock, metrics: metrics, log: log)
    }

    private static func randomText() -> String {
        (0..<4).map { _ in String(UInt64.random(in: 0...(.max)), radix: 36) }.joined()
    }
}

/// Where the sample day begins: 00:00 UTC of the first Thursday of December that lies ahead.
///
/// A lane clock only goes forwards, so the day lies in the future; always the same weekday and season, so that opening
/// hours and clock changes are the same whenever it is played.
enum SampleStart {
    static func next(after now: Instant) -> Instant {
        let today = CivilDate(daysSince1970: Int(now.seconds / 86_400))
        for year in today.year...(today.year + 1) {
            guard var day = CivilDate(year: year, month: 12, day: 1) else { continue }
            while day.weekday != 4 { day = day.adding(days: 1) }
            if day > today.adding(days: 1) { return Instant(seconds: Int64(day.daysSince1970) * 86_400) }
        }
        return now
    }
}
