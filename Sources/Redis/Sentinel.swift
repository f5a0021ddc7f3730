import Synchronization

// Which server is the primary, asked of Sentinels.
//
// Problem: after a failover the old primary may still take connections, as a replica or, cut off from the others, even as
// a primary of its own.
// Choice: each new connection asks the Sentinels in the order of the endpoint, takes the first address that one names, and
// asks the server there for its role; anything but `master` is no connection. Sentinel closes the clients of a server that
// it makes a replica, so each owner of a connection comes here by itself; a READONLY answer does the same.
// All of it together takes no longer than a connect may. A Sentinel gets half a second of that at most, and the one that led
// to a primary last is asked first, by every connection of this process: the machine that died may have held the first
// Sentinel as well.
// How it fails: a primary cut off together with its clients and a minority of the Sentinels takes writes that are lost
// later; `min-replicas-to-write` bounds that, and the fences of whoever writes decide the rest.

/// The place of the Sentinel that led to a primary last; by endpoint, of which a process has one or two.
private let lastLeading = Mutex<[RedisEndpoint.Address: Int]>([:])

extension ServerConnection {
    private static let sentinelPatience: Duration = .milliseconds(500)

    /// Opens a connection to the one server that an endpoint stands for.
    static func open(_ endpoint: RedisEndpoint, clientName: String?) throws(RedisError) -> ServerConnection {
        guard case .sentinel(let sentinels, let service) = endpoint.address else {
            return try ServerConnection(endpoint, clientName: clientName)
        }
        let end = ContinuousClock.now.advanced(by: endpoint.timeouts.connect)
        let first = lastLeading.withLock { $0[endpoint.address] ?? 0 }
        var last = RedisError(
            .connect, operation: "SENTINEL", endpoint: "\(endpoint)", message: "expected a Sentinel, came none")
        var unreached: NodeAddress?
        for turn in sentinels.indices {
            let place = (first + turn) % sentinels.count
            do throws(RedisError) {
                let primary = try named(service, by: sentinels[place], endpoint, until: end)
                // Another Sentinel of the same opinion does not make it answer.
                guard primary != unreached else { continue }
                unreached = primary
                let connection = try enter(primary, endpoint, clientName, until: end)
                lastLeading.withLock { $0[endpoint.address] = place }
                return connection
            } catch {
                last = error
            }
            if .now >= end { break }
        }
        throw last
    }

    /// Half of the time is left for another Sentinel's opinion.
    private static func enter(
        _ primary: NodeAddress, _ endpoint: RedisEndpoint, _ clientName: String?, until end: ContinuousClock.Instant
    ) throws(RedisError) -> ServerConnection {
        var place = endpoint.at(primary)
        place.timeouts.connect = max(.zero, min(endpoint.timeouts.connect / 2, end - .now))
        let connection = try ServerConnection(place, clientName: clientName)
        try connection.checkRole(until: end)
        return connection
    }

    /// What one Sentinel says. It is entered with its own name and password, if any, never with those of the servers.
    private static func named(
        _ service: String, by sentinel: NodeAddress, _ endpoint: RedisEndpoint, until end: ContinuousClock.Instant
    ) throws(RedisError) -> NodeAddress {
        var place = endpoint.at(sentinel)
        (place.user, place.password, place.database) = (
            endpoint.sentinelEntrance?.user, endpoint.sentinelEntrance?.password, 0
        )
        let deadline = min(end, .now.advanced(by: sentinelPatience))
        place.timeouts.connect = max(.zero, deadline - .now)
        let reply = try ServerConnection(place).call(
            RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service), until: deadline)
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
    private func checkRole(until end: ContinuousClock.Instant) throws(RedisError) {
        let reply = try call(RedisCommand("INFO", "replication"), until: end)
        let role = reply.string.flatMap { InfoFields(text: $0)["role"] }
        guard role == "master" else {
            throw RedisError(
                .connect, operation: "INFO", endpoint: "\(endpoint)",
                message: "expected a primary, came \(role ?? reply.kind)")
        }
    }
}
