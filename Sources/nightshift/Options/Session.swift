import Contracts
import Foundation
import Instants
import Lanes
import Membership
import Redis

/// One command's connection to Redis. Belongs to the thread that made it: commands use it between two suspensions only.
struct Session {
    let connector: LaneConnector
    let store: LaneStore

    init(_ options: RedisOptions) throws {
        let endpoint = try options.endpoint(environment: ProcessInfo.processInfo.environment)
        connector = LaneConnector(endpoint: endpoint, keyspace: try options.keyspace())
        store = try connector.open(clientName: "cli")
    }

    /// An instant as commands print it.
    static func text(_ milliseconds: Int64) -> String {
        Instant(milliseconds: milliseconds).description
    }
}
