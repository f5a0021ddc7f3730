import AsyncHTTPClient
import Channels
import Contracts
import Conversations
import Delivery
import Instants
import Lanes
import Logging
import Membership
import Redis
import ServiceLifecycle
import Settings
import SwiftProtobuf
import Synchronization
import Telemetry
import Workers

/// One worker process: runners and courier, a member that says which lanes are theirs, the client that carries actions.
final class WorkerRole: Service {
    struct Settings: Sendable {
        var name: String
        var runners = 2
        /// Host and version of the Graph API, such as `https://graph.facebook.com/v26.0`.
        var graph: String
        /// The same for accounts by Instagram Login.
        var graphInstagram: String
        var tokens: @Sendable (_ holder: String) -> [String] = { _ in [] }
        /// The values of a secret by name, newest first.
        var secrets: @Sendable (_ name: String) -> [String] = { _ in [] }
        /// How people are called; nil: by `notice` alone.
        var notices: NoticeTargets?
        /// Calls people by night.
        var notice: @Sendable (_ text: String) -> Void
        var drain: Duration = .seconds(10)
        /// After which a call without an answer counts as ambiguous.
        var patience: Duration = .seconds(30)
        /// See `RunnerSetting.clocks`.
        var clocks = ServerClocks()
    }

    let settings: Settings
    let connector: LaneConnector
    let metrics: MetricRegistry
    let log: Logger
    private let parts = Mutex<(service: WorkerService, member: Member)?>(nil)
    let policy = Mutex<Policy?>(nil)
    private let topology = Mutex<Topology?>(nil)

    init(_ settings: Settings, connector: LaneConnector, metrics: MetricRegistry, log: Logger) {
        self.settings = settings
        self.connector = connector
        self.metrics = metrics
        self.log = log.with(.member, settings.name)
    }

    /// Nil while it can be counted on, else the reason in words.
    var unreadyReason: String? {
        guard let (service, member) = parts.withLock({ $0 }) else { return "not started" }
        guard service.isReady() else { return "a runner makes no progress" }
        return member.standing.isCurrent(at: .now, LeaseTimes()) ? nil : member.standing.fault ?? "no current lease"
    }

    var counters: RunnerCounters? { parts.withLock { $0 }?.service.counters }

    func run() async throws {
        guard let first = try await firstPolicy() else { return }
        policy.withLock { $0 = first }
        let appender = LaneAppender(connector: connector)
        let redis = try RedisThread(connector.endpoint, clientName: "signals")
        let graph = platform(fetches(appender, redis))
        let clock = NamespaceClock()
        let post = SignedPost(now: { clock.wall })
        let generic = GenericCarrier.carrier(post: post, stops: graph.stops) { self.address(of: $0) }
        let channel = AccountCarrier(platform: graph, generic: generic) { self.route(of: $0) != nil }
        let sent = settings.notices.map {
            NoticeSender(targets: $0, post: post, secrets: settings.secrets, now: { clock.wall }).carrier
        }
        let tells = TellCarrier(appender: appender)
        let (service, member) = try start(first, Carriers(channel: channel, tell: tells, notify: sent ?? notices))
        log.info("Worker started")
        await withDiscardingTaskGroup { group in
            group.addTask { await graph.run() }
            group.addTask { await generic.run() }
            if let sent { group.addTask { await sent.run() } }
            await watch(service, member, redis)
            await offPool { [settings] in
                _ = member.leave(by: .now + settings.drain)
                _ = service.stop(atMost: settings.drain)
                _ = tells.stop(atMost: .seconds(2))
                appender.stop()
            }
            // The courier has ended: nobody would hear what is still under way, and its attempts stay on record.
            group.cancelAll()
        }
        log.info("Worker ended")
    }

    /// Where fetches find known posts, and put what they found.
    private func fetches(_ appender: LaneAppender, _ redis: RedisThread) -> FetchDoors {
        let keyspace = connector.keyspace
        return FetchDoors(
            posts: { account in
                try? await redis.run { connection in
                    let store = LaneStore(connection: connection, keyspace: keyspace)
                    let (recent, older) = try store.aliases(of: [account], at: try store.serverTime())
                    let originals = (older[account] ?? [:]).merging(recent[account] ?? [:]) { _, newer in newer }
                    return try store.posts(of: account).map { post, toldAt in
                        FetchDoors.Post(id: post, original: originals[post], toldAt: toldAt)
                    }
                }
            },
            hold: { events in
                // Read each time, which is one small command while it is the same: sweeps are rare.
                let known = self.topology.withLock { $0 }
                let read = try? await redis.run { connection in
                    try TopologyStore(connection: connection, keyspace: keyspace).read(after: known)
                }
                guard let topology = read, topology.number > 0 else { return false }
                self.topology.withLock { $0 = topology }
                let placed = events.compactMap { try? topology.laneEvent($0) }
                guard placed.count == events.count else { return false }
                return await appender.append(placed).allSatisfy { if case .held = $0 { true } else { false } }
            }, iceBreakers: { account in self.policy.withLock { $0?.iceBreakers(of: account) } ?? IceBreakers([:]) },
            app: { account in self.policy.withLock { $0?.accounts[account]?.app } },
            receipts: { account in self.policy.withLock { $0?.takesReceipts(account) } ?? false })
    }

    /// The address of an account's generic channel and the name of its secret; nil for the platforms known by name.
    private func route(of account: String) -> (url: String, secret: String)? {
        policy.withLock { policy in
            guard let account = policy?.accounts[account], let url = policy?.channels[account.channel]?.address else {
                return nil
            }
            return (url, account.secret)
        }
    }

    private func address(of account: String) -> GenericAddress? {
        route(of: account).map { route in
            GenericAddress(url: route.url, secrets: settings.secrets(route.secret).map { Array($0.utf8) })
        }
    }

    private var notices: NoticeCarrier {
        let (notice, metrics) = (settings.notice, metrics)
        metrics.add(.noticesLogged, by: 0)
        return NoticeCarrier { action, lane in
            metrics.add(.noticesLogged)
            notice("\(action.team): \(action.rule) for \(action.conversation), told by \(lane)")
        }
    }

    private func start(_ policy: Policy, _ carriers: Carriers) throws -> (WorkerService, Member) {
        let relay = ReportRelay()
        let id = try MemberID(name: settings.name, incarnation: UInt64.random(in: 1...UInt64(Int64.max)))
        let service = try WorkerService(
            WorkerSetting(
                connector: connector, owner: id.text, runners: settings.runners, policy: policy, carriers: carriers,
                clocks: settings.clocks, patience: settings.patience),
            report: { relay.tell($0) })
        let member = Member(
            id: id, settings: .init(version: nightshiftVersion), connector: connector, host: service.host, log: log)
        relay.use { member.report($0) }
        parts.withLock { $0 = (service, member) }
        return (service, member)
    }

    /// A worker that comes before the first policy waits for it; nil if it is told to end meanwhile.
    private func firstPolicy() async throws -> Policy? {
        let connector = connector
        while !Task.isShuttingDownGracefully {
            do {
                if let found = try await offPool({ try Session(connector).policyIfAny() }) { return found }
                log.info("Waiting for a policy to be published")
            } catch let error as LaneError {
                log.warning("Waiting for Redis", metadata: .of((.cause, "\(error)")))
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        return nil
    }

    /// Once a second until shutdown: a newer policy, and figures for the metrics.
    private func watch(_ service: WorkerService, _ member: Member, _ redis: RedisThread) async {
        let connector = connector
        var figures = WorkerFigures(metrics: metrics, log: log)
        var notes = WorkerNotes()
        var signals: UInt64 = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
            let counters = service.counters
            await tell(counters, &notes, redis)
            figures.export(counters, service.courierCounters)
            signals = await useSignals(service, redis, member.standing.control?.numbers.signals ?? 0, after: signals)
            let wanted = member.standing.control?.numbers.policy ?? 0
            // A lower number than ours: Redis lost its tail or was replaced, and its policy is the one in force.
            guard wanted != 0, wanted != policy.withLock({ $0?.number ?? 0 }) else { continue }
            do {
                if let newer = try await offPool({ try Session(connector).policyIfAny() }) {
                    policy.withLock { $0 = newer }
                    service.use(newer)
                    log.info("Policy in force", metadata: .of((.count, "\(newer.number)")))
                }
            } catch {
                log.error(
                    "A newer policy could not be loaded; the last good one stays", metadata: .of((.cause, "\(error)")))
            }
        }
    }

    /// Gives runners a newer snapshot of the signals; without Redis the last one stays. Returns the number in use.
    private func useSignals(
        _ service: WorkerService, _ redis: RedisThread, _ wanted: UInt64, after used: UInt64
    ) async -> UInt64 {
        guard wanted != used else { return used }
        let keyspace = connector.keyspace
        do {
            let read = try await redis.run { try ControlStore(connection: $0, keyspace: keyspace).signals() }
            guard let read, read.number != used else { return used }
            let values = read.signals.map {
                ($0.name, Conversations.Signal(value: $0.value, at: $0.at.milliseconds, writer: $0.writer))
            }
            service.use(Signals(number: read.number, values: Dictionary(values) { first, _ in first }))
            return read.number
        } catch {
            log.info("Signals could not be read; the last ones stay", metadata: .of((.cause, "\(error)")))
            return used
        }
    }
}

/// Passes on what runners report; it is made before the member that hears it.
private final class ReportRelay: Sendable {
    private struct State {
        var listener: (@Sendable (LaneReport) -> Void)?
        var early: [LaneReport] = []
    }

    private let state = Mutex(State())

    func use(_ listener: @escaping @Sendable (LaneReport) -> Void) {
        let early = state.withLock { state in
            state.listener = listener
            return state.early
        }
        for report in early { listener(report) }
    }

    func tell(_ report: LaneReport) {
        let listener = state.withLock { state in
            if state.listener == nil { state.early.append(report) }
            return state.listener
        }
        listener?(report)
    }
}
