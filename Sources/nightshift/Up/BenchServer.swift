import Foundation
import Lanes

/// The redis-server of one measurement, or its cluster, gone with its folder afterwards.
struct BenchServer {
    let connector: LaneConnector
    private let place: WorkPlace
    private let stopServers: () -> Void

    /// - Parameters:
    ///   - durability: `everysec` or `always`.
    ///   - cluster: servers of a Redis Cluster, six of which are three primaries with a replica each; 0 for a server by
    ///     itself.
    init(durability: String, cluster: Int = 0) throws {
        place = try WorkPlace(nil)
        let folder = place.folder.appending(path: "redis")
        if cluster == 0 {
            let server = try PrivateRedisServer(folder: folder, appendFsync: durability)
            stopServers = { server.stop() }
            connector = LaneConnector(endpoint: server.endpoint)
        } else {
            let servers = try PrivateRedisCluster(
                folder: folder, primaries: cluster == 6 ? 3 : cluster, withReplicas: cluster == 6,
                appendFsync: durability)
            stopServers = { servers.stop() }
            connector = LaneConnector(endpoint: servers.endpoint)
        }
    }

    func stop() {
        stopServers()
        place.remove()
    }

    /// Runs `body` against fresh servers.
    static func with<Value>(
        durability: String = "everysec", cluster: Int = 0, _ body: (LaneConnector) throws -> Value
    ) throws -> Value {
        let server = try BenchServer(durability: durability, cluster: cluster)
        defer { server.stop() }
        return try body(server.connector)
    }
}
