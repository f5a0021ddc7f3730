import ArgumentParser
import Bench
import Foundation
import Redis
import Sandbox
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
        let config =
            try plan.platform.map { try PlatformConfig(trouble: $0).copy(self.config, to: place.folder) } ?? self.config
        var drill = try GroundPlan(config: config, zoneinfo: zoneinfo).site(
            place, durability: kind.isOnCluster ? "replicated(1)" : durability, ports: plan.workers + 2)
        if kind == .failover { drill.cluster = try Self.freeNodes() }
        if kind == .partitions {
            let servers = (1...6).map { "r\($0)" }
            let workers = (1...plan.workers).map { "w\($0)" }
            let network = DrillNetwork(servers + workers + ["coordinator", "ingress", "sandbox"])
            try network.build()
            drill.network = network
            drill.cluster = servers.compactMap { network.host(of: $0).map { NodeAddress(host: $0, port: 7_000) } }
        }
        if !noSpool { drill.ingressOptions = ["--spool", "\(place.folder.path)/spool.sqlite"] }
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
}
