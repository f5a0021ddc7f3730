import Foundation
import Redis

/// A Redis Cluster of this process's own on loopback: what `PrivateRedisServer` is for one server, with its settings.
final class PrivateRedisCluster {
    let endpoint: RedisEndpoint
    private let servers: [PrivateRedisServer]

    /// Starts the servers and returns once each of them knows who serves every slot, and replicas follow.
    ///
    /// - Parameters:
    ///   - primaries: one or more; they share the slots evenly.
    ///   - withReplicas: one for each of them.
    /// - Throws: `Failure` if they do not agree within 30 s.
    init(folder: URL, primaries: Int, withReplicas: Bool, appendFsync: String) throws {
        let count = withReplicas ? 2 * primaries : primaries
        var servers: [PrivateRedisServer] = []
        var nodes: [NodeAddress] = []
        do {
            for number in 1...count {
                let port = try FreePort.choose(0, option: "--cluster")
                servers.append(
                    try PrivateRedisServer(
                        folder: folder.appending(path: "r\(number)"), appendFsync: appendFsync, clusterPort: port))
                nodes.append(NodeAddress(host: "127.0.0.1", port: UInt16(clamping: port)))
            }
            let connections = try servers.map { try RedisConnection($0.endpoint, clientName: "cluster") }
            try Self.join(connections, nodes, primaries: primaries)
        } catch {
            for server in servers { server.stop() }
            throw error
        }
        self.servers = servers
        endpoint = RedisEndpoint(.cluster(nodes))
    }

    func stop() {
        for server in servers { server.stop() }
    }

    private static func join(_ servers: [RedisConnection], _ nodes: [NodeAddress], primaries: Int) throws {
        for (place, primary) in servers.prefix(primaries).enumerated() {
            let (first, behind) = (place * KeySlot.count / primaries, (place + 1) * KeySlot.count / primaries)
            _ = try ask(primary, "CLUSTER", "SET-CONFIG-EPOCH", "\(place + 1)")
            _ = try ask(primary, "CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(behind - 1)")
        }
        for (server, node) in zip(servers, nodes).dropFirst() {
            let bus = try ask(server, "CONFIG", "GET", "cluster-port").array?.last?.string ?? ""
            _ = try ask(servers[0], "CLUSTER", "MEET", node.host, "\(node.port)", bus)
        }
        try wait("all servers to know each other") {
            try servers.allSatisfy { try info($0, "CLUSTER", "INFO")["cluster_known_nodes"] == "\(servers.count)" }
        }
        for (replica, primary) in zip(servers.dropFirst(primaries), servers) {
            let name = try ask(primary, "CLUSTER", "MYID").string ?? ""
            try wait("a replica to be taken") { (try? ask(replica, "CLUSTER", "REPLICATE", name).string) == "OK" }
        }
        try wait("all servers to serve") {
            try servers.allSatisfy {
                try info($0, "CLUSTER", "INFO")["cluster_state"] == "ok"
                    && ask($0, "CLUSTER", "SLOTS").array?.count == primaries
            }
                && servers.dropFirst(primaries).allSatisfy {
                    try info($0, "INFO", "replication")["master_link_status"] == "up"
                }
        }
    }

    private static func ask(_ server: RedisConnection, _ words: String...) throws -> RedisReply {
        var command = RedisCommand(words.first ?? "PING")
        for word in words.dropFirst() { command.add(word) }
        return try server.call(command)
    }

    private static func info(_ server: RedisConnection, _ words: String...) throws -> InfoFields {
        var command = RedisCommand(words.first ?? "PING")
        for word in words.dropFirst() { command.add(word) }
        return InfoFields(text: try server.call(command).string ?? "")
    }

    private static func wait(_ what: String, until holds: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(30)
        while try !holds() {
            guard ContinuousClock.now < end else {
                throw Failure(expected: "\(what) within 30 s", came: "none of it", at: "--cluster")
            }
            usleep(10_000)
        }
    }
}
