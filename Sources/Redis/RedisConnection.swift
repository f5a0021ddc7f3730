/// One connection to one Redis server, used by one thread.
///
/// It is no `Sendable`: it has no lock, and its guarantee rests on one caller at a time. Calls block the thread, each
/// one until its deadline at the latest. After an input/output error, a malformed reply or a passed deadline the
/// connection is broken and stays so: a late reply can never be taken for another call's. Whoever owns it opens a new
/// one. An error that the server answers breaks nothing.
package final class RedisConnection {
    package let endpoint: RedisEndpoint
    /// Whether every further call is refused.
    package private(set) var isBroken = false
    private let wire: Wire

    /// More than this is not encoded ahead of what the socket takes, however long a pipeline is.
    private static let encodedAhead = 256 << 10

    /// Connects, authenticates, selects the database and names the connection (`CLIENT SETNAME`), all within
    /// `endpoint.timeouts.connect`.
    package init(_ endpoint: RedisEndpoint, clientName: String? = nil) throws(RedisError) {
        self.endpoint = endpoint
        let deadline = ContinuousClock.now.advanced(by: endpoint.timeouts.connect)
        wire = try Wire(endpoint, until: deadline)
        try enter(clientName: clientName, until: deadline)
    }

    /// Sends the commands in order and gives their replies in the same order; a server's error stands in its place as
    /// `RedisReply.error`. One round trip, whatever the number of commands; writing and reading overlap, so no length
    /// of pipeline blocks itself.
    ///
    /// - Parameter deadline: for all of it together; nil: `endpoint.timeouts.reply`.
    package func pipeline(
        _ commands: [RedisCommand], deadline: Duration? = nil
    ) throws(RedisError) -> [RedisReply] {
        let end = ContinuousClock.now.advanced(by: deadline ?? endpoint.timeouts.reply)
        return try exchange(commands, until: end)
    }

    /// Sends one command and gives its reply; a server's error is thrown as code `.server`.
    package func call(_ command: RedisCommand, deadline: Duration? = nil) throws(RedisError) -> RedisReply {
        let end = ContinuousClock.now.advanced(by: deadline ?? endpoint.timeouts.reply)
        return try callOne(command, until: end)
    }

    /// An error about an answer that is well-formed RESP but not what this command answers; for readers of replies.
    package func unexpected(_ reply: RedisReply, expected: String, operation: String) -> RedisError {
        RedisError(
            .unexpectedReply, operation: operation, endpoint: "\(endpoint)",
            message: "expected \(expected), came \(reply.kind)")
    }

    /// Gives the entered transport to an owner with other manners, and is itself of no more use.
    func surrenderWire() -> Wire {
        isBroken = true
        return wire
    }

    private func callOne(
        _ command: RedisCommand, until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> RedisReply {
        let replies = try exchange([command], until: deadline)
        guard let reply = replies.first else { return .nil }
        if let error = reply.error {
            throw RedisError(
                .server(error), operation: command.name, endpoint: "\(endpoint)", message: error.description)
        }
        return reply
    }

    private func exchange(
        _ commands: [RedisCommand], until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> [RedisReply] {
        guard !isBroken else {
            throw RedisError(
                .broken, operation: commands.first?.name ?? "pipeline", endpoint: "\(endpoint)",
                message: "this connection failed before and takes no further calls")
        }
        guard !wire.hasUnreadReply else {
            isBroken = true
            throw wire.failure(
                .malformedReply, commands.first?.name ?? "pipeline", "expected nothing unasked, more bytes came")
        }
        // Every way out but the last leaves replies behind that nobody may read.
        isBroken = true
        var replies: [RedisReply] = []
        replies.reserveCapacity(commands.count)
        var encoded = 0
        while replies.count < commands.count {
            while encoded < commands.count, wire.unsentBytes < Self.encodedAhead {
                wire.enqueue(commands[encoded])
                encoded += 1
            }
            let operation = commands[replies.count].name
            let lowWater = encoded < commands.count ? Self.encodedAhead / 2 : 0
            if try wire.move(until: deadline, lowWater: lowWater, operation: operation) == .deadline {
                throw wire.failure(
                    .deadline, operation, "expected \(commands.count) replies in time, came \(replies.count)")
            }
            while replies.count < encoded, let reply = try wire.nextReply(operation: operation) {
                replies.append(reply)
            }
        }
        isBroken = false
        return replies
    }

    private func enter(clientName: String?, until deadline: ContinuousClock.Instant) throws(RedisError) {
        var steps: [RedisCommand] = []
        if let password = endpoint.password {
            var authenticate = RedisCommand("AUTH")
            if let user = endpoint.user { authenticate.add(user) }
            authenticate.add(password.text)
            steps.append(authenticate)
        }
        if endpoint.database != 0 { steps.append(RedisCommand("SELECT", String(endpoint.database))) }
        if let clientName { steps.append(RedisCommand("CLIENT", "SETNAME", clientName)) }
        if steps.isEmpty { steps.append(RedisCommand("PING")) }
        for step in steps { _ = try callOne(step, until: deadline) }
    }
}

@available(*, unavailable, message: "a connection belongs to one thread; see RedisThread")
extension RedisConnection: Sendable {}
