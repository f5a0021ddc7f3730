package import Redis

/// Opens lane stores: what runners, couriers and ingress are given, since they know nothing of Redis themselves.
package struct LaneConnector: Sendable {
    package let endpoint: RedisEndpoint
    package let keyspace: Keyspace
    package let durability: Durability

    package init(endpoint: RedisEndpoint, keyspace: Keyspace = .standard, durability: Durability = .everysec) {
        self.endpoint = endpoint
        self.keyspace = keyspace
        self.durability = durability
    }

    /// The same for who must not wait longer than this, 100 ms at least, for a connection or an answer: a lease runs meanwhile.
    package func answering(within longest: Duration) -> LaneConnector {
        var endpoint = endpoint
        let longest = max(longest, .milliseconds(100))
        endpoint.timeouts.reply = min(endpoint.timeouts.reply, longest)
        endpoint.timeouts.connect = min(endpoint.timeouts.connect, longest)
        return LaneConnector(endpoint: endpoint, keyspace: keyspace, durability: durability)
    }

    /// Opens a connection of its own. The store belongs to the calling thread.
    package func open(clientName: String? = nil) throws(LaneError) -> LaneStore {
        do {
            let connection = try RedisConnection(endpoint, clientName: clientName)
            return LaneStore(connection: connection, keyspace: keyspace, durability: durability)
        } catch {
            throw .redis(error)
        }
    }
}
