// A Redis Cluster whose primaries a drill kills.
//
// Three primaries with a replica each; of each pair either may be the primary, since each kill exchanges them. Every server
// takes writes only with a replica beside it (`min-replicas-to-write 1`), as `replicated(1)` asks for: a primary whose
// replica was promoted is therefore started again, and until it follows, its pair's lanes wait. `cluster/local` makes the
// same cluster for people; here every server is a child, so that a kill is known to be over.

private import Foundation
import Redis

/// A slot on its way from one primary to another.
struct SlotMove {
    let lane: String
    let slot: Int
    /// Where it goes.
    let pair: Int
    let from: Int
    let to: Int
    let target: String
}

final class ClusterServers: DrillServers {
    private struct Server {
        let process: RoleProcess
        let address: NodeAddress
    }

    private let servers: [Server]
    private static let patience: Duration = .seconds(60)
    static let pairs = 3
    /// Pairs of slots that a drill has moved.
    private var moved: [Int: Int] = [:]

    /// - Parameter addresses: of three servers that begin as primaries, then of their replicas in the same order.
    init(_ site: DrillSite, _ addresses: [NodeAddress]) throws {
        guard addresses.count == 2 * Self.pairs else {
            throw DrillFailure("expected \(2 * Self.pairs) addresses for a cluster, got \(addresses.count)")
        }
        servers = try addresses.enumerated().map { place, address in
            let folder = "\(site.folder)/r\(place + 1)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let lines = [
                "bind \(address.host)", "port \(address.port)", "dir \(folder)", "daemonize no", "protected-mode no",
                "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000",
                "cluster-require-full-coverage no", "cluster-allow-replica-migration no",
                "cluster-replica-validity-factor 0", "min-replicas-to-write 1", "appendonly yes",
                "appendfsync everysec", "save \"\"", "maxmemory 512mb", "maxmemory-policy noeviction",
                "repl-diskless-sync-delay 0", "repl-backlog-size 32mb",
            ]
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(folder)/redis.conf"))
            return Server(
                process: RoleProcess(
                    "r\(place + 1)",
                    (site.network?.entrance(to: "r\(place + 1)") ?? []) + ["redis-server", "\(folder)/redis.conf"],
                    folder: site.folder), address: address)
        }
    }

    func start() throws(DrillFailure) {
        for server in servers { try server.process.start() }
        let join = ClusterJoin(servers.map(\.address), primaries: Self.pairs) { self.ask($0, $1) }
        try join.join { (what, holds) throws(DrillFailure) in try wait(what, until: holds) }
        for pair in 0..<Self.pairs { try wait("\(name(pair)) to have its replica") { isWhole(pair) } }
    }

    func abandon() { for server in servers { server.process.killNow() } }

    /// Which server of a pair says that it is the primary; nil if none or both do.
    func primary(of pair: Int) -> Int? {
        let primaries = [pair, pair + Self.pairs].filter { info($0, "INFO", "replication")["role"] == "master" }
        return primaries.count == 1 ? primaries[0] : nil
    }

    /// Whether a pair takes writes: it has one primary, and that one a replica that follows.
    func isWhole(_ pair: Int) -> Bool {
        guard let primary = primary(of: pair) else { return false }
        return info(primary, "INFO", "replication")["min_slaves_good_slaves"].flatMap { Int($0) } ?? 0 > 0
    }

    /// Which pair holds a lane: as it was at the start, or where a drill has moved its slot.
    func pair(of lane: String) -> Int {
        let slot = KeySlot(of: Array("{\(lane)}".utf8)).number
        return moved[slot] ?? slot * Self.pairs / KeySlot.count
    }

    func name(_ place: Int) -> String { servers.indices.contains(place) ? servers[place].process.name : "r?" }

    func killNow(_ place: Int) { servers[place].process.killNow() }

    func startAgain(_ place: Int) throws(DrillFailure) { try servers[place].process.start() }

    /// Begins to move a lane's slot to the next pair; nil if one of the two has no primary now.
    func beginMove(of lane: String) -> SlotMove? {
        let pair = pair(of: lane)
        guard let from = primary(of: pair), let to = primary(of: (pair + 1) % Self.pairs),
            let source = ask(from, "CLUSTER", "MYID")?.string, let target = ask(to, "CLUSTER", "MYID")?.string
        else { return nil }
        let slot = KeySlot(of: Array("{\(lane)}".utf8)).number
        guard ask(to, "CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", source)?.string == "OK",
            ask(from, "CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", target)?.string == "OK"
        else { return nil }
        return SlotMove(lane: lane, slot: slot, pair: (pair + 1) % Self.pairs, from: from, to: to, target: target)
    }

    /// Takes half of the slot's keys along and stops there, as a mover that dies does.
    func moveHalf(_ move: SlotMove) {
        let count = ask(move.from, "CLUSTER", "COUNTKEYSINSLOT", "\(move.slot)")?.int ?? 0
        _ = moveKeys(move, most: max(1, Int(count) / 2))
    }

    /// Takes the rest along and gives the slot away; false if that is not done yet.
    func endMove(_ move: SlotMove) -> Bool {
        guard moveKeys(move, most: 1_000) else { return false }
        let words = ["CLUSTER", "SETSLOT", "\(move.slot)", "NODE", move.target]
        guard ask(move.to, words)?.string == "OK", ask(move.from, words)?.string == "OK" else { return false }
        moved[move.slot] = move.pair
        return true
    }

    /// True if none is left.
    private func moveKeys(_ move: SlotMove, most: Int) -> Bool {
        var left = most
        while left > 0 {
            guard
                let keys = ask(move.from, "CLUSTER", "GETKEYSINSLOT", "\(move.slot)", "\(min(left, 10))")?.array?
                    .compactMap(\.string)
            else { return false }
            if keys.isEmpty { return true }
            let address = servers[move.to].address
            let words = ["MIGRATE", address.host, "\(address.port)", "", "0", "5000", "KEYS"] + keys
            guard ask(move.from, words) != nil else { return false }
            left -= keys.count
        }
        return false
    }

    private func info(_ place: Int, _ words: String...) -> [String: String] {
        var fields: [String: String] = [:]
        for line in (ask(place, words)?.string ?? "").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }

    private func ask(_ place: Int, _ words: String...) -> RedisReply? { ask(place, words) }

    /// Nil for a server that does not answer at once, and for an error.
    private func ask(_ place: Int, _ words: [String]) -> RedisReply? {
        let address = servers[place].address
        let endpoint = RedisEndpoint(
            .tcp(host: address.host, port: address.port),
            timeouts: .init(connect: .milliseconds(500), reply: .milliseconds(500)))
        var command = RedisCommand(words.first ?? "PING")
        for word in words.dropFirst() { command.add(word) }
        return try? RedisConnection(endpoint, clientName: "drill").call(command)
    }

    private func wait(_ what: String, until holds: () -> Bool) throws(DrillFailure) {
        let end = ContinuousClock.now + Self.patience
        while !holds() {
            guard ContinuousClock.now < end else {
                let logs = servers.map { "\($0.process.name): \($0.process.lastLines)" }.joined(separator: "\n")
                throw DrillFailure("expected \(what) within \(Self.patience.inSeconds) s; logs end with:\n\(logs)")
            }
            pause(.milliseconds(10))
        }
    }
}
