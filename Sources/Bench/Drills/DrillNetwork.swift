// Network namespaces for a drill, and cuts between them.
//
// Problem: processes on one machine always reach each other, so that what a lost network does to leases, failovers and sends
// never shows. Choice: each process lives in a network namespace of its own, all of them on one bridge; a cut gives one
// namespace a false, permanent link address for another's, so that its packets go to nobody: silently, in one direction,
// without firewall or kernel module. Whoever has a connection notices only that no answer comes. The drill itself stands on
// the bridge and sees everybody.
// Rejected: taking an interface down, which the local side would notice at once; stopping processes, which also stops clocks.
// How it fails: without the right to make namespaces it says so; the namespaces go with the process that made them
// (`unshare` in `ops/drills/partitions`).

private import Foundation

package struct DrillNetwork: Sendable {
    private let names: [String]
    private static let subnet = "10.77.0."
    private static let firstHost = 10
    private static let nobody = "02:00:00:00:00:01"
    private static let bridge = "nightshift0"

    /// - Parameter names: of the processes, at most 200, each at most 11 letters.
    package init(_ names: [String]) { self.names = names }

    /// - Returns: nil for a process that has no namespace.
    package func host(of name: String) -> String? {
        names.firstIndex(of: name).map { Self.subnet + String(Self.firstHost + $0) }
    }

    /// What stands in front of a process's command.
    func entrance(to name: String) -> [String] {
        names.contains(name) ? ["nsenter", "--net=/run/netns/\(name)"] : []
    }

    /// Makes the bridge and the namespaces.
    ///
    /// - Throws: if this process is not alone in a network namespace of its own, or may not make others.
    package func build() throws {
        let up = try Self.run(["ip", "-o", "link", "show", "up"]).split(separator: "\n").filter {
            !$0.contains(" lo: ")
        }
        guard up.isEmpty else {
            throw DrillFailure(
                "expected a network namespace of the drill's own, got one in use; run ops/drills/partitions")
        }
        try Self.run(["ip", "link", "add", Self.bridge, "type", "bridge"])
        try Self.run(["ip", "addr", "add", Self.subnet + "1/24", "dev", Self.bridge])
        try Self.run(["ip", "link", "set", Self.bridge, "up"])
        for name in names {
            let host = host(of: name) ?? ""
            try Self.run(["ip", "netns", "add", name])
            try Self.run(["ip", "link", "add", "v-\(name)", "type", "veth", "peer", "name", "eth0", "netns", name])
            try Self.run(["ip", "link", "set", "v-\(name)", "master", Self.bridge, "up"])
            try Self.run(["ip", "-n", name, "addr", "add", host + "/24", "dev", "eth0"])
            try Self.run(["ip", "-n", name, "link", "set", "eth0", "up"])
            try Self.run(["ip", "-n", name, "link", "set", "lo", "up"])
        }
    }

    /// From now on nothing that `from` sends reaches `to`.
    func cut(_ from: String, to: String) throws {
        try Self.run(
            ["ip", "-n", from, "neigh", "replace", host(of: to) ?? "", "lladdr", Self.nobody, "dev", "eth0"]
                + ["nud", "permanent"])
    }

    func heal(_ from: String, to: String) throws {
        try Self.run(["ip", "-n", from, "neigh", "del", host(of: to) ?? "", "dev", "eth0"])
    }

    @discardableResult
    private static func run(_ words: [String]) throws -> String {
        let process = Process()
        let (out, error) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = out
        process.standardError = error
        try process.run()
        let said = out.fileHandleForReading.readDataToEndOfFile()
        let complaint = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DrillFailure(
                "\(words.joined(separator: " ")): expected success, got \(process.terminationStatus): "
                    + String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: said, as: UTF8.self)
    }
}

/// Who is kept from whom for how long.
package struct NetworkCut: Sendable, Equatable {
    /// One side, by part and not by process: which server is a primary shows only when the cut is made.
    package enum Side: Sendable, Equatable {
        case workers([Int])
        case coordinator
        case ingress
        /// Every server.
        case redis
        /// The servers of these pairs.
        case pairs([Int])
        case primary(Int)
        case replica(Int)
        /// Every server but the primary of this pair.
        case besides(primary: Int)
        /// Everybody but the primary of this pair: servers, workers, coordinator, ingress.
        case everybodyBut(primary: Int)
    }

    package var from: Side
    package var to: Side
    /// What `to` sends still arrives.
    package var isOneWay = false
    package var lasts: Duration

    /// For people.
    package var name: String { "\(from.name) \(isOneWay ? "->" : "|") \(to.name)" }
}

extension NetworkCut.Side {
    fileprivate var name: String {
        switch self {
        case .workers(let numbers): numbers.map { "w\($0)" }.joined(separator: ",")
        case .coordinator: "coordinator"
        case .ingress: "ingress"
        case .redis: "redis"
        case .pairs(let pairs): "pair " + pairs.map { "\($0 + 1)" }.joined(separator: ",")
        case .primary(let pair): "primary \(pair + 1)"
        case .replica(let pair): "replica \(pair + 1)"
        case .besides: "other servers"
        case .everybodyBut: "everybody"
        }
    }

    /// Names of the processes, as things stand; empty if a pair has no primary.
    func processes(_ cluster: ClusterServers, workers: Int) -> [String] {
        let servers = (0..<2 * ClusterServers.pairs).map { cluster.name($0) }
        func all(but pair: Int) -> [String] {
            cluster.primary(of: pair).map { primary in servers.filter { $0 != cluster.name(primary) } } ?? []
        }
        switch self {
        case .workers(let numbers): return numbers.map { "w\($0)" }
        case .coordinator: return ["coordinator"]
        case .ingress: return ["ingress"]
        case .redis: return servers
        case .pairs(let pairs): return pairs.flatMap { [servers[$0], servers[$0 + ClusterServers.pairs]] }
        case .primary(let pair): return cluster.primary(of: pair).map { [cluster.name($0)] } ?? []
        case .replica(let pair):
            return cluster.primary(of: pair).map { [servers[($0 + ClusterServers.pairs) % servers.count]] } ?? []
        case .besides(let pair): return all(but: pair)
        case .everybodyBut(let pair):
            let rest = all(but: pair)
            return rest.isEmpty ? [] : rest + (1...workers).map { "w\($0)" } + ["coordinator", "ingress"]
        }
    }
}
