import Bench
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
            let join = ClusterJoin(nodes, primaries: primaries) { place, words in
                var command = RedisCommand(words.first ?? "PING")
                for word in words.dropFirst() { command.add(word) }
                return try? connections[place].call(command)
            }
            try join.join { what, holds in try Self.wait(what, until: holds) }
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

    private static func wait(_ what: String, until holds: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(30)
        while !holds() {
            guard ContinuousClock.now < end else {
                throw Failure(expected: "\(what) within 30 s", came: "none of it", at: "--cluster")
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }
}
