/// One way to Redis, used by one thread: to one server, to the primary that Sentinels name, or to all primaries of a
/// Redis Cluster. Which one, the endpoint says; its callers need not know.
///
/// It is no `Sendable`: it has no lock, and its guarantee rests on one caller at a time. Calls block the thread, each
/// one until its deadline at the latest. To one server: after an input/output error, a malformed reply or a passed
/// deadline the connection is broken and stays so. Whoever owns it opens a new one. To a cluster: it never breaks as a
/// whole; it opens lost connections again, and commands without an answer are errors in their own places.
package final class RedisConnection {
    package let endpoint: RedisEndpoint
    private let way: Way
    /// Set by an answer after which another server must be asked for.
    private var isOutdated = false

    private enum Way {
        case server(ServerConnection)
        case cluster(ClusterConnection)
    }

    /// Connects, authenticates, selects the database and names the connection (`CLIENT SETNAME`), all within
    /// `endpoint.timeouts.connect`. To a cluster: asks for its slots, and opens further connections as they are needed.
    package init(_ endpoint: RedisEndpoint, clientName: String? = nil) throws(RedisError) {
        self.endpoint = endpoint
        if case .cluster(let seeds) = endpoint.address {
            way = .cluster(try ClusterConnection(endpoint, seeds: seeds, clientName: clientName))
        } else {
            way = .server(try ServerConnection.open(endpoint, clientName: clientName))
        }
    }

    private init(_ server: ServerConnection) {
        endpoint = server.endpoint
        way = .server(server)
    }

    /// Whether every further call is refused.
    package var isBroken: Bool {
        switch way {
        case .server(let server): server.isBroken || isOutdated
        case .cluster: false
        }
    }

    package var isCluster: Bool { cluster != nil }

    /// Sends the commands and gives their replies in the same order; a server's error stands in its place as
    /// `RedisReply.error`. One round trip, whatever the number of commands; to a cluster one to all primaries at once,
    /// and only commands of one slot keep their order among each other, and only while no slot moves: one that is
    /// redirected runs behind those that are not.
    ///
    /// - Parameter deadline: for all of it together; nil: `endpoint.timeouts.reply`.
    /// - Throws: if no command was answered.
    package func pipeline(
        _ commands: [RedisCommand], deadline: Duration? = nil
    ) throws(RedisError) -> [RedisReply] {
        let replies = try pipeline(commands, closing: nil, deadline: deadline).replies
        try checkReached(replies, commands)
        return replies
    }

    /// - Throws: if no command was answered.
    func checkReached(_ replies: [RedisReply], _ commands: [RedisCommand]) throws(RedisError) {
        guard isCluster, let last = replies.last?.error, replies.allSatisfy({ $0.error?.isUnreached == true }) else {
            return
        }
        throw failure(last, of: commands.last?.name ?? "pipeline")
    }

    /// Like `pipeline`, with one more command behind the others on each server that got any, such as WAIT; for each command
    /// the reply that its server gave to that. To a cluster it does not throw: commands without an answer have `NOREPLY` or
    /// `NOPRIMARY` in their places.
    package func pipeline(
        _ commands: [RedisCommand], closing: RedisCommand?, deadline: Duration? = nil
    ) throws(RedisError) -> (replies: [RedisReply], closings: [RedisReply]) {
        let end = ContinuousClock.now.advanced(by: deadline ?? endpoint.timeouts.reply)
        switch way {
        case .cluster(let cluster):
            return cluster.exchange(commands, closing: closing, until: end)
        case .server(let server):
            guard !isOutdated else { throw outdated(commands.first?.name ?? "pipeline") }
            guard let closing else {
                let replies = try server.exchange(commands, until: end)
                notice(replies)
                return (replies, [])
            }
            var replies = try server.exchange(commands + [closing], until: end)
            notice(replies)
            let last = replies.removeLast()
            return (replies, [RedisReply](repeating: last, count: replies.count))
        }
    }

    /// Sends one command and gives its reply; a server's error is thrown as code `.server`.
    package func call(_ command: RedisCommand, deadline: Duration? = nil) throws(RedisError) -> RedisReply {
        guard let reply = try pipeline([command], deadline: deadline).first else { return .nil }
        if let error = reply.error { throw failure(error, of: command.name) }
        return reply
    }

    /// An error about an answer that is well-formed RESP but not what this command answers; for readers of replies.
    package func unexpected(_ reply: RedisReply, expected: String, operation: String) -> RedisError {
        RedisError(
            .unexpectedReply, operation: operation, endpoint: "\(endpoint)",
            message: "expected \(expected), came \(reply.kind)")
    }

    func failure(_ error: RedisServerError, of operation: String) -> RedisError {
        let code: RedisError.Code =
            switch error.code {
            case RedisServerError.noReply: .connectionLost
            case RedisServerError.noPrimary: .connect
            default: .server(error)
            }
        return RedisError(code, operation: operation, endpoint: "\(endpoint)", message: error.description)
    }

    /// A primary that became a replica answers so: the Sentinels know a better one.
    private func notice(_ replies: [RedisReply]) {
        guard case .sentinel = endpoint.address else { return }
        isOutdated = replies.contains { $0.error?.code == "READONLY" || $0.error?.code == "MASTERDOWN" }
    }

    private func outdated(_ operation: String) -> RedisError {
        RedisError(
            .broken, operation: operation, endpoint: "\(endpoint)",
            message: "this server is no primary any more, and takes no further calls")
    }

    private var cluster: ClusterConnection? {
        if case .cluster(let cluster) = way { cluster } else { nil }
    }
}

/// What is behind it.
extension RedisConnection {
    /// A connection to each primary, or itself; for what concerns servers, not keys: INFO, SCAN, FUNCTION LOAD.
    ///
    /// - Throws: if one cannot be reached.
    package func servers() throws(RedisError) -> [RedisConnection] {
        guard let cluster else { return [self] }
        return try cluster.primaries().map(RedisConnection.init)
    }

    /// The same without those that cannot be reached.
    package func reachableServers() -> [RedisConnection] {
        reachableShards().map(\.connection)
    }

    /// One of the servers behind a connection.
    package struct Shard {
        /// As in `shard(ofKey:)`, until the next call.
        package let number: Int
        /// As in `linkNumber(ofKey:)`.
        package let link: UInt64
        package let connection: RedisConnection
    }

    /// The same with their numbers.
    package func reachableShards() -> [Shard] {
        guard let cluster else { return [Shard(number: 0, link: 0, connection: self)] }
        return cluster.reachablePrimaries().map {
            Shard(number: $0.number, link: $0.link, connection: RedisConnection($0.connection))
        }
    }

    /// Has the slots asked for anew before the servers are told next; for who sends no commands with keys, and so is told by
    /// no answer that a slot has moved.
    package func doubtSlots() { cluster?.isMapDoubtful = true }

    /// Names of a cluster's primaries to which no connection is open: behind `reachableServers`, those that cannot be
    /// reached. None without a cluster.
    package var awayServers: [String] { cluster?.closedPrimaries().map(\.description) ?? [] }

    /// Keys with the same number lie on the same server, as far as is known; 0 without a cluster.
    package func shard(ofKey key: [UInt8]) -> Int {
        shard(of: KeySlot(of: key))
    }

    /// The same for a slot that is known.
    package func shard(of slot: KeySlot) -> Int { cluster?.shard(of: slot) ?? 0 }

    /// The lowest slot that lies together with this one: a number for its shard that a failover does not change. 0 without a
    /// cluster; nil while nobody is known to serve the slot.
    package func shardStart(of slot: KeySlot) -> Int? {
        guard let cluster else { return 0 }
        return cluster.shardStart(of: slot)
    }

    /// Another number means that the server behind a key was lost sight of since: another primary, a new connection, a
    /// slot that moved. 0 without a cluster, and while no connection to that server is open.
    package func linkNumber(ofKey key: [UInt8]) -> UInt64 {
        linkNumber(of: KeySlot(of: key))
    }

    /// The same for a slot that is known.
    package func linkNumber(of slot: KeySlot) -> UInt64 { cluster?.linkNumber(of: slot) ?? 0 }

    /// The servers that did not know a function since the last call; itself without a cluster.
    func takeServersWithoutFunctions() -> [RedisConnection] {
        cluster?.takeLacking().map(RedisConnection.init) ?? [self]
    }

    /// Rises with each connection that is opened to a primary and each change of the slots; 0 without a cluster.
    package var changes: UInt64 { cluster?.changes ?? 0 }
}

extension RedisServerError {
    /// The code of a command whose answer did not come: nobody knows whether it took effect. Never sent by Redis.
    package static let noReply = "NOREPLY"
    /// The code of a command that was not sent, since no primary for its slot could be reached. Never sent by Redis.
    package static let noPrimary = "NOPRIMARY"

    /// Whether it stands for a server that gave no answer.
    package var isUnreached: Bool { code == Self.noReply || code == Self.noPrimary }
}

@available(*, unavailable, message: "a connection belongs to one thread; see RedisThread")
extension RedisConnection: Sendable {}
