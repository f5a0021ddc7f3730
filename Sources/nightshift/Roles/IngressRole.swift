import Channels
import Contracts
import Conversations
import Hummingbird
import Ingress
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

/// One ingress process: webhooks and the producer API in front of the lanes.
final class IngressRole: Service {
    struct Settings: Sendable {
        /// How people know the process.
        var name = "ingress"
        var host = "127.0.0.1"
        var port = 8_080
        /// By name; `verify_token` and `producer_token` open the handshake and the producer API.
        var secrets: Secrets
        /// Name of the secret that signs the links in notices.
        var linkSecret = "notice_link"
        /// Where people reach this ingress; nil: the platform's wishes for deletion are refused.
        var publicAddress: String?
        /// File that holds events while their lane cannot take them; nil refuses them instead.
        var spool: String?
        /// Refuses a Redis that is not safe enough, whenever it first answers.
        var checksDurability = false
        /// What it has to say besides that it is ready. A clock that is off is no reason to refuse webhooks.
        var remark: @Sendable () -> String? = { nil }
        var onListening: @Sendable (Int) async -> Void = { _ in }
    }

    private let settings: Settings
    private let id: MemberID
    private let connector: LaneConnector
    private let clock: NamespaceClock
    private let metrics: MetricRegistry
    private let log: Logger
    private let policy = Mutex<Policy?>(nil)
    /// As it was read last; nil until Redis has answered once.
    private let topology = Mutex<Topology?>(nil)
    private let fault = Mutex<String?>("not started")
    private let linkSecrets = Mutex<[(name: String, secret: [UInt8])]>([])
    private let aliases = AliasBook(mostPerAccount: LaneStore.mostAliases)
    private let posts = PostBook(mostPerAccount: LaneStore.mostPosts)
    /// Read from their files once a second, not for each request.
    private let secrets = Mutex<[(name: String, secret: [UInt8])]>([])
    private let tokens = Mutex<(verify: [String], producer: [String])>(([], []))

    init(
        _ settings: Settings, connector: LaneConnector, clock: NamespaceClock, metrics: MetricRegistry, log: Logger
    ) throws {
        id = try MemberID(name: settings.name, incarnation: UInt64.random(in: 1...UInt64(Int64.max)))
        self.settings = settings
        self.connector = connector
        self.clock = clock
        self.metrics = metrics
        self.log = log.with(.role, "ingress")
    }

    /// Nil while it takes events, else the reason in words.
    var unreadyReason: String? { fault.withLock { $0 } }

    func run() async throws {
        readSecrets()
        let holder = try holder()
        let redis = try RedisThread(connector.endpoint, clientName: "ingress")
        let quarantine = Quarantine(
            redis: redis, keyspace: connector.keyspace, spool: holder.spool, metrics: metrics)
        let application = IngressServer.application(
            doors: doors(holder.events, quarantine, redis), host: settings.host, port: settings.port, logger: log,
            onListening: settings.onListening)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await self.refresh(redis, holder, quarantine) }
            if settings.checksDurability {
                group.addTask { [connector, log] in
                    try await StartChecks.durability(connector, log: log, patience: .seconds(86_400 * 365))
                    // Ends with the group: only a refusal is to end it.
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
                }
            }
            try await group.next()
            group.cancelAll()
            while let _ = try? await group.next() {}
        }
        _ = try? await redis.run(within: .seconds(1)) { [id, connector] connection in
            try ControlStore(connection: connection, keyspace: connector.keyspace).leaveAttendance(id)
        }
        await offPool { holder.stop() }
    }

    private struct Holder: Sendable {
        let events: any EventHolder
        /// Nil without a spool.
        let spooling: SpoolingHolder?
        let spool: Spool?
        let stop: @Sendable () -> Void
    }

    private func holder() throws -> Holder {
        var limits = AppenderLimits()
        limits.patience = Self.patience
        var endpoint = connector.endpoint
        endpoint.timeouts = Self.timeouts
        let connector = LaneConnector(
            endpoint: endpoint, keyspace: connector.keyspace, durability: connector.durability)
        guard let path = settings.spool else {
            log.warning("No spool is named: while Redis is away, webhooks are refused")
            let appender = LaneAppender(connector: connector, limits: limits)
            return Holder(events: appender, spooling: nil, spool: nil, stop: { appender.stop() })
        }
        let spool = try Spool(path: path)
        try usePolicy(keptIn: spool)
        let spooling = SpoolingHolder(connector: connector, limits: limits, spool: spool, waitsForRoute: true)
        return Holder(events: spooling, spooling: spooling, spool: spool, stop: { spooling.stop() })
    }

    /// A process that starts while Redis is away goes on with the last good policy.
    private func usePolicy(keptIn spool: Spool) throws {
        guard let kept = try spool.kept(Self.policyName), let at = kept.firstIndex(of: 0x0A),
            let number = UInt64(String(decoding: kept[..<at], as: UTF8.self))
        else { return }
        let bundle = Array(kept[kept.index(after: at)...])
        do {
            let compiled = try Policy.build(try PolicyBundle(canonical: bundle), number: number)
            policy.withLock { $0 = compiled }
            readSecrets()
            fault.withLock { $0 = nil }
            log.info("Policy of the last run in force until Redis answers", metadata: .of((.count, "\(number)")))
        } catch {
            log.warning("The kept policy cannot be used", metadata: .of((.cause, "\(error)")))
        }
    }

    private func readSecrets() {
        let names = Set(policy.withLock { $0 }?.accounts.values.map(\.secret) ?? []).sorted()
        let signing = names.flatMap { name in
            settings.secrets.values(of: name).map { (name: name, secret: Array($0.utf8)) }
        }
        secrets.withLock { $0 = signing }
        let links = settings.secrets.values(of: settings.linkSecret).map { (name: "link", secret: Array($0.utf8)) }
        linkSecrets.withLock { $0 = links }
        let opening = (settings.secrets.values(of: "verify_token"), settings.secrets.values(of: "producer_token"))
        tokens.withLock { $0 = opening }
    }

    private static let policyName = "policy"

    /// A platform waits five seconds for its answer: patience and one reply that does not come are less than that.
    private static let patience: Duration = .seconds(2)
    private static let timeouts = RedisEndpoint.Timeouts(connect: .seconds(1), reply: .milliseconds(2_500))

    private func doors(
        _ holder: any EventHolder, _ quarantine: Quarantine, _ redis: RedisThread
    ) -> IngressDoors {
        var doors = IngressDoors(
            secrets: { [self] in secrets.withLock { $0 } },
            secretName: { [self] account in policy.withLock { $0?.accounts[account]?.secret } },
            verifyTokens: { [self] in tokens.withLock { $0.verify } },
            producerTokens: { [self] in tokens.withLock { $0.producer } },
            place: { [self] event in
                guard let policy = policy.withLock({ $0 }), let key = try? EntityID.of(event).laneKey else {
                    return nil
                }
                if let topology = topology.withLock({ $0 }), let place = EventPlace(key, in: topology) { return place }
                // A guess, since Redis has not answered yet: a lane that was resized since refuses it.
                return (try? policy.lane(of: key)).map { EventPlace(lane: $0, key: key.text) }
            },
            now: { [clock] in clock.now }, holder: holder,
            quarantine: { await quarantine.add($0) }, unreadyReason: { [self] in unreadyReason }, metrics: metrics)
        doors.remark = settings.remark
        doors.app = { [self] account in policy.withLock { $0?.accounts[account]?.app } }
        doors.inboxApps = { [self] account in policy.withLock { $0?.inboxApps(account) } ?? MetaInbox.usualApps }
        doors.wantsReceipts = { [self] account in policy.withLock { $0?.takesReceipts(account) } ?? false }
        doors.acknowledgeSecrets = { [self] in linkSecrets.withLock { $0 } }
        doors.wallClock = { [clock] in clock.wall }
        doors.publicAddress = settings.publicAddress
        doors.accounts = { [self] name in
            policy.withLock { $0?.accounts.values.filter { $0.secret == name }.map(\.id).sorted() ?? [] }
        }
        doors.lanes = { [self] account in topology.withLock { $0?.lanes(ofPeopleOf: account) } }
        let deletions = DeletionBook(
            redis: redis, keyspace: connector.keyspace, durability: connector.durability)
        doors.noteDeletion = { await deletions.note($0, $1) }
        doors.orderRetired = { [self] code, orders, events in
            guard let topology = topology.withLock({ $0 }) else { return false }
            return await deletions.orderRetired(code, orders, events, in: topology)
        }
        doors.deletion = { await deletions.standing(of: $0) }
        doors.clearQuarantine = { await deletions.clearQuarantine($0, $1) }
        doors.complete = { [aliases, posts] event in
            posts.note(event)
            return aliases.complete(event)
        }
        return doors
    }

    /// Once a second: a newer policy, the namespace's clock, readiness, what was set aside while Redis was away.
    private func refresh(_ redis: RedisThread, _ holder: Holder, _ quarantine: Quarantine) async {
        var exchange = AliasExchange(book: aliases, posts: posts, metrics: metrics)
        while !Task.isCancelled {
            metrics.set(.spooledEvents, to: Double(holder.spooling?.spooledEvents ?? 0))
            if await look(redis, holder) {
                await quarantine.drain()
                let accounts = policy.withLock { $0?.accounts.keys.sorted() } ?? []
                await exchange.writePosts(redis, connector.keyspace)
                await exchange.exchange(redis, connector.keyspace, accounts: accounts, at: clock.now)
            }
            readSecrets()
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// The key of an event that an older version spooled without one; an order to forget is said to a lane, not by a key.
    private static func key(ofSpooled bytes: [UInt8]) -> String? {
        guard let event = try? Event(serializedBytes: bytes) else { return nil }
        if case .command(let command) = event.kind, command.verb == .forget { return nil }
        return try? EntityID.of(event).laneKey.text
    }

    /// What waits and what is spooled gets its lanes anew before the first event goes by another topology.
    private func use(_ read: Topology, _ holder: Holder) {
        let known = topology.withLock { $0?.number }
        guard read.number != known, read.number > 0 else { return }
        var routes = LaneRoutes(read)
        routes.key = Self.key(ofSpooled:)
        holder.spooling?.reroute(routes)
        topology.withLock { $0 = read }
        log.info("Topology in use", metadata: .of((.count, "\(read.number)")))
    }

    /// True if Redis answered.
    private func look(_ redis: RedisThread, _ holder: Holder) async -> Bool {
        let spool = holder.spool
        let known = policy.withLock { $0?.number ?? 0 }
        let connector = connector
        let before = topology.withLock { $0 }
        do {
            let (newer, read, offset) = try await redis.run { [id] connection in
                // Nobody waits for it: what needs everybody's word is not begun without this one.
                _ = try? ControlStore(connection: connection, keyspace: connector.keyspace)
                    .attend(id, role: "ingress", version: nightshiftVersion)
                let policies = PolicyStore(connection: connection, keyspace: connector.keyspace)
                let newer = try policies.number() != known ? try policies.current() : nil
                let topology = try TopologyStore(connection: connection, keyspace: connector.keyspace)
                    .read(after: before)
                guard topology.isVirtual, let lane = topology.lanes.first else {
                    return (newer, topology, Duration.zero)
                }
                let store = LaneStore(connection: connection, keyspace: connector.keyspace)
                return (newer, topology, try store.look([lane]).first?.offset ?? .zero)
            }
            clock.set(offset: offset)
            use(read, holder)
            if let newer {
                let compiled = try Policy.build(try PolicyBundle(canonical: newer.bytes), number: newer.number)
                policy.withLock { $0 = compiled }
                readSecrets()
                log.info("Policy in force", metadata: .of((.count, "\(newer.number)")))
                if let spool {
                    let kept = Array("\(newer.number)\n".utf8) + newer.bytes
                    try await offPool { try spool.keep(kept, as: Self.policyName) }
                }
            }
            let hasPolicy = policy.withLock { $0 != nil }
            fault.withLock { $0 = hasPolicy ? nil : "no policy is published" }
            return true
        } catch {
            // Without Redis the last good policy stays. With a spool an outage of Redis is none of webhooks: whoever
            // balances the load must go on sending them here.
            let goesOn = spool != nil && policy.withLock { $0 != nil }
            fault.withLock { $0 = goesOn ? nil : "\(error)" }
            if goesOn { log.info("Redis is away; events are spooled", metadata: .of((.cause, "\(error)"))) }
            return false
        }
    }
}
