import ArgumentParser
import Bench
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import Redis
import Settings

/// What a drill breaks.
enum DrillKind: String, ExpressibleByArgument, CaseIterable {
    case kills
    case failover
    case partitions
    case platform

    var isOnCluster: Bool { self == .failover || self == .partitions }
}

/// Plays a drill; `ops/drills/` calls it.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Break workers, coordinator and Redis under load, and count what was lost or done twice.",
        shouldDisplay: false)

    @Flag(help: "The small form: 10,000 events, three workers, under a minute.") var short = false
    @Option(
        help:
            "kills: of workers, coordinator and a single Redis. failover: of the primaries of a Redis Cluster. partitions: of its network. platform: of webhooks and calls, too."
    )
    var kind: DrillKind = .kills
    @Option(
        help: "always or everysec: appendfsync of the private Redis, and the level that the roles are told; for kills.")
    var durability = "always"
    @Option(help: "How many primaries are killed, instead of the 20 or 2 of the full and the short form; for failover.")
    var kills: Int?
    @Option(help: "How many times slower than two quiet cores the machine is: multiplies the limit of a lane's wait.")
    var slow = 1.0
    @Flag(help: "Ingress without a spool: while Redis is away it refuses, and the platform sends again.")
    var noSpool = false
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Option(help: "Folder for files and logs; by default a new one that is removed if the drill is clean.")
    var folder: String?

    func validate() throws {
        guard ["always", "everysec"].contains(durability) else {
            throw ValidationError("expected always or everysec, got \(durability)")
        }
        guard (1...1_000).contains(kills ?? 1) else {
            throw ValidationError("expected 1 to 1000 kills, got \(kills ?? 0)")
        }
        guard (1...20).contains(slow) else { throw ValidationError("expected a factor from 1 to 20, got \(slow)") }
    }

    func run() async throws {
        let place = try WorkPlace(folder)
        var plan = self.plan
        if kind != .platform { plan.recoveryLimit = .milliseconds(Int64(5_000 * slow)) }
        Output.note(
            "Drill of \(kind.rawValue): \(plan.events) events of \(plan.conversations) conversations, \(plan.faults.count) faults"
        )
        let report = try await KillDrill.run(plan, try site(place, plan))
        Output.line(report.text)
        guard report.isClean else {
            Output.note("files and logs: \(place.folder.path)")
            throw ExitCode.failure
        }
        place.remove()
    }

    private var plan: DrillPlan {
        switch kind {
        case .kills: short ? .short : .full
        case .partitions: .partitions
        case .platform: short ? .platformShort : .platformLong
        case .failover: kills.map { .failover(kills: $0) } ?? (short ? .failoverShort : .failover)
        }
    }

    private func site(_ place: WorkPlace, _ plan: DrillPlan) throws -> DrillSite {
        let folder = place.folder.path
        let secretFolder = place.folder.appending(path: "secrets")
        try FileManager.default.createDirectory(at: secretFolder, withIntermediateDirectories: true)
        let policy = try Policy.read(folder: config, zones: ZoneFolder(zoneinfo))
        for name in Set(policy.accounts.values.map(\.secret)).sorted() {
            let text = String(UInt64.random(in: 0...(.max)), radix: 36)
            try Data((text + "\n").utf8).write(to: secretFolder.appending(path: name))
        }
        let wallClock: @Sendable () -> Instant = {
            Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        }
        let offset = Self.quietNight(after: wallClock()) - wallClock()
        let secrets = Secrets(folder: secretFolder.path, environment: [:])
        let config = config
        let zoneinfo = zoneinfo
        let level = kind.isOnCluster ? "replicated(1)" : durability
        var drill = DrillSite(
            executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), config: config,
            zoneinfo: zoneinfo, folder: folder, secrets: secretFolder.path, durability: level, offset: offset,
            wallClock: wallClock,
            ports: try (0..<plan.workers + 2).map { _ in try FreePort.choose(0, option: "drill") },
            publish: { endpoint in
                let connector = LaneConnector(endpoint: endpoint, keyspace: try Keyspace(namespace: "drill"))
                let session = try Session(connector)
                let policy = try session.publish(try ConfigFiles(folder: config), zones: ZoneFolder(zoneinfo)) {
                    TopologyWish($0, isVirtual: true, offset: offset)
                }
                let accounts = policy.accounts.values.filter { $0.channel != "sandbox" }.sorted { $0.id < $1.id }.map {
                    DrillSite.Account(
                        id: $0.id, isInstagram: $0.channel == "instagram",
                        secret: Array((secrets.values(of: $0.secret).first ?? "").utf8))
                }
                return (accounts, try session.lanes().map(\.text))
            }, note: { Output.note($0) })
        if kind == .failover { drill.cluster = try Self.freeNodes() }
        if kind == .partitions {
            let servers = (1...6).map { "r\($0)" }
            let workers = (1...plan.workers).map { "w\($0)" }
            let network = DrillNetwork(servers + workers + ["coordinator", "ingress", "sandbox"])
            try network.build()
            drill.network = network
            drill.cluster = servers.compactMap { network.host(of: $0).map { NodeAddress(host: $0, port: 7_000) } }
        }
        let accounts = policy.accounts.values.sorted { $0.id < $1.id }.filter { $0.channel != "sandbox" }
        for account in accounts {
            try Data("token-\(account.id)\n".utf8).write(to: secretFolder.appending(path: "token-\(account.id)"))
        }
        drill.sweep = { endpoint in
            let connector = LaneConnector(endpoint: endpoint, keyspace: try Keyspace(namespace: "drill"))
            let session = try Session(connector)
            let now = try session.now()
            let appender = LaneAppender(connector: connector)
            defer { appender.stop() }
            let topology = try session.topology()
            let events = try accounts.map {
                try WatchStart.event($0.id, "sweep.\(now.milliseconds)", topology, now: now, isAtOnce: true)
            }
            for case .refused(let refusal) in appender.appendBlocking(events) { throw Failure("\(refusal)") }
        }
        if !noSpool { drill.ingressOptions = ["--spool", "\(folder)/spool.sqlite"] }
        return drill
    }

    /// Six ports for Redis; each one's bus listens 10,000 above it.
    private static func freeNodes() throws -> [NodeAddress] {
        var nodes: [NodeAddress] = []
        while nodes.count < 6 {
            let port = UInt16.random(in: 20_000..<30_000)
            guard !nodes.contains(where: { $0.port == port }),
                (try? FreePort.choose(Int(port), option: "drill")) != nil,
                (try? FreePort.choose(Int(port) + 10_000, option: "drill")) != nil
            else { continue }
            nodes.append(NodeAddress(host: "127.0.0.1", port: port))
        }
        return nodes
    }

    /// Sunday 21:00 UTC, at least a day ahead: nearly every market is closed then, so that replies and promises are made.
    private static func quietNight(after now: Instant) -> Instant {
        var day = CivilDate(daysSince1970: Int(now.seconds / 86_400)).adding(days: 2)
        while day.weekday != 0 { day = day.adding(days: 1) }
        return Instant(seconds: Int64(day.daysSince1970) * 86_400 + 21 * 3_600)
    }
}
