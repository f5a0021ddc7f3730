// Which server is the primary, asked of Sentinels.
//
// Problem: after a failover the old primary may still take connections, as a replica or, cut off from the others, even as
// a primary of its own.
// Choice: each new connection asks the Sentinels in the order of the endpoint, takes the first address that one names, and
// asks the server there for its role; anything but `master` is no connection. Sentinel closes the clients of a server that
// it makes a replica, so each owner of a connection comes here by itself; a READONLY answer does the same.
// How it fails: a primary cut off together with its clients and a minority of the Sentinels takes writes that are lost
// later; `min-replicas-to-write` bounds that, and the fences of whoever writes decide the rest.

extension ServerConnection {
    /// Opens a connection to the one server that an endpoint stands for.
    static func open(_ endpoint: RedisEndpoint, clientName: String?) throws(RedisError) -> ServerConnection {
        guard case .sentinel(let sentinels, let service) = endpoint.address else {
            return try ServerConnection(endpoint, clientName: clientName)
        }
        var last = RedisError(
            .connect, operation: "SENTINEL", endpoint: "\(endpoint)", message: "expected a Sentinel, came none")
        for sentinel in sentinels {
            do throws(RedisError) {
                let primary = try named(service, by: sentinel, endpoint)
                let connection = try ServerConnection(endpoint.at(primary), clientName: clientName)
                try connection.checkRole()
                return connection
            } catch {
                last = error
            }
        }
        throw last
    }

    /// What one Sentinel says. It is entered without name, password and database.
    private static func named(
        _ service: String, by sentinel: NodeAddress, _ endpoint: RedisEndpoint
    ) throws(RedisError) -> NodeAddress {
        var place = endpoint.at(sentinel)
        (place.user, place.password, place.database) = (nil, nil, 0)
        let reply = try ServerConnection(place).call(
            RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service),
            until: .now.advanced(by: endpoint.timeouts.connect))
        guard let parts = reply.array, parts.count == 2, let host = parts[0].string,
            let port = parts[1].int.flatMap({ UInt16(exactly: $0) })
        else {
            throw RedisError(
                .connect, operation: "SENTINEL", endpoint: "\(place)",
                message: "expected the address of the primary of \(service), came \(reply.kind)")
        }
        return NodeAddress(host: host, port: port)
    }

    /// By INFO, which the processes may ask for anyhow; ROLE counts as dangerous.
    private func checkRole() throws(RedisError) {
        let reply = try call(RedisCommand("INFO", "replication"), until: .now.advanced(by: endpoint.timeouts.connect))
        let role = reply.string.flatMap { InfoFields(text: $0)["role"] }
        guard role == "master" else {
            throw RedisError(
                .connect, operation: "INFO", endpoint: "\(endpoint)",
                message: "expected a primary, came \(role ?? reply.kind)")
        }
    }
}
