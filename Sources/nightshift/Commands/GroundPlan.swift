import Bench
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import Redis
import Settings

/// Where real roles run for drills and measurements: the shipped configuration with secrets of its own, at a quiet night.
struct GroundPlan {
    let config: String
    let zoneinfo: String

    private static let namespace = "drill"

    /// - Parameter ports: how many free ones are chosen on loopback.
    func site(_ place: WorkPlace, durability: String, ports: Int) throws -> DrillSite {
        let secretFolder = place.folder.appending(path: "secrets")
        try FileManager.default.createDirectory(at: secretFolder, withIntermediateDirectories: true)
        let policy = try Policy.read(folder: config, zones: ZoneFolder(zoneinfo))
        let accounts = policy.accounts.values.sorted { $0.id < $1.id }.filter { $0.channel != "sandbox" }
        let tokens = accounts.map { $0.login.node(of: $0.id) }.map { (name: "token-\($0)", text: "token-\($0)") }
        let secrets = Set(policy.accounts.values.map(\.secret)).sorted().map {
            (name: $0, text: String(UInt64.random(in: 0...(.max)), radix: 36))
        }
        for (name, text) in secrets + tokens {
            try Data((text + "\n").utf8).write(to: secretFolder.appending(path: name))
        }
        let wallClock: @Sendable () -> Instant = {
            Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        }
        let offset = Self.quietNight(after: wallClock()) - wallClock()
        let known = Secrets(folder: secretFolder.path, environment: [:])
        let (config, zoneinfo) = (config, zoneinfo)
        var site = DrillSite(
            executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), config: config,
            zoneinfo: zoneinfo, folder: place.folder.path, secrets: secretFolder.path, durability: durability,
            offset: offset, wallClock: wallClock,
            ports: try (0..<ports).map { _ in try FreePort.choose(0, option: "drill") },
            publish: { endpoint in
                let session = try Session(try Self.connector(endpoint))
                let policy = try session.publish(try ConfigFiles(folder: config), zones: ZoneFolder(zoneinfo)) {
                    TopologyWish($0, isVirtual: true, offset: offset)
                }
                let accounts = policy.accounts.values.filter { $0.channel != "sandbox" }.sorted { $0.id < $1.id }.map {
                    DrillSite.Account(
                        id: $0.id, isInstagram: $0.channel == "instagram",
                        secret: Array((known.values(of: $0.secret).first ?? "").utf8))
                }
                return (accounts, try session.lanes().map(\.text))
            }, note: { Output.note($0) })
        site.sweep = { endpoint in
            let connector = try Self.connector(endpoint)
            let session = try Session(connector)
            let (now, topology) = (try session.now(), try session.topology())
            let appender = LaneAppender(connector: connector)
            defer { appender.stop() }
            let events = try accounts.map {
                try WatchStart.event($0.id, "sweep.\(now.milliseconds)", topology, now: now, isAtOnce: true)
            }
            for case .refused(let refusal) in appender.appendBlocking(events) { throw Failure("\(refusal)") }
        }
        let ids = Set(accounts.map(\.id))
        site.unswept = { endpoint, instant in
            let session = try Session(try Self.connector(endpoint))
            let swept = SweptAccount.all(try session.policy()).filter { ids.contains($0.id) }
            return try session.store.sweepReaches(of: swept, in: session.topology()).count { reach in
                guard case .known(let known?) = reach else { return true }
                return known.until < instant
            }
        }
        return site
    }

    private static func connector(_ endpoint: RedisEndpoint) throws -> LaneConnector {
        LaneConnector(endpoint: endpoint, keyspace: try Keyspace(namespace: namespace))
    }

    /// Sunday 21:00 UTC, at least a day ahead: nearly every market is closed then, so that replies and promises are made.
    private static func quietNight(after now: Instant) -> Instant {
        var day = CivilDate(daysSince1970: Int(now.seconds / 86_400)).adding(days: 2)
        while day.weekday != 0 { day = day.adding(days: 1) }
        return Instant(seconds: Int64(day.daysSince1970) * 86_400 + 21 * 3_600)
    }
}
