/// One connection to one Redis server, used by one thread.
///
/// After an input/output error, a malformed reply or a passed deadline it is broken and stays so: a late reply can never
/// be taken for another call's. An error that the server answers breaks nothing.
final class ServerConnection {
    let endpoint: RedisEndpoint
    /// Whether every further call is refused.
    private(set) var isBroken = false
    private let wire: Wire
    /// Begun and not finished, and how many of them are encoded.
    private var underWay: [RedisCommand] = []
    private var encoded = 0
    private var pushFailure: RedisError?

    /// More than this is not encoded ahead of what the socket takes, however long a pipeline is.
    private static let encodedAhead = 256 << 10

    /// Connects, authenticates, selects the database and names the connection (`CLIENT SETNAME`), all within
    /// `endpoint.timeouts.connect`.
    init(_ endpoint: RedisEndpoint, clientName: String? = nil) throws(RedisError) {
        self.endpoint = endpoint
        let deadline = ContinuousClock.now.advanced(by: endpoint.timeouts.connect)
        wire = try Wire(endpoint, until: deadline)
        try enter(clientName: clientName, until: deadline)
    }

    /// Gives the entered transport to an owner with other manners, and is itself of no more use.
    func surrenderWire() -> Wire {
        isBroken = true
        return wire
    }

    /// What became of a pipeline: fewer replies than commands only beside a failure, after which nobody knows whether
    /// the others took effect.
    struct Outcome {
        var replies: [RedisReply] = []
        var failure: RedisError?
    }

    /// Sends one command and gives its reply; a server's error is thrown as code `.server`.
    func call(_ command: RedisCommand, until deadline: ContinuousClock.Instant) throws(RedisError) -> RedisReply {
        let replies = try exchange([command], until: deadline)
        guard let reply = replies.first else { return .nil }
        if let error = reply.error {
            throw RedisError(
                .server(error), operation: command.name, endpoint: "\(endpoint)", message: error.description)
        }
        return reply
    }

    /// Sends the commands in order and gives their replies in the same order; a server's error stands in its place.
    /// Writing and reading overlap, so no length of pipeline blocks itself.
    func exchange(
        _ commands: [RedisCommand], until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> [RedisReply] {
        try start(commands)
        let outcome = finish(until: deadline)
        if let failure = outcome.failure { throw failure }
        return outcome.replies
    }

    /// Begins a pipeline: writes what the socket takes. `finish` must follow before anything else.
    ///
    /// - Throws: then nothing was written.
    func start(_ commands: [RedisCommand]) throws(RedisError) {
        guard !isBroken else {
            throw RedisError(
                .broken, operation: commands.first?.name ?? "pipeline", endpoint: "\(endpoint)",
                message: "this connection failed before and takes no further calls")
        }
        // Every way out but the last of `finish` leaves replies behind that nobody may read.
        isBroken = true
        guard !wire.hasUnreadReply else {
            throw wire.failure(
                .malformedReply, commands.first?.name ?? "pipeline", "expected nothing unasked, more bytes came")
        }
        underWay = commands
        encoded = 0
        encodeAhead(commands)
    }

    /// Begins to write what `start` took, so that a server works while others are written to.
    func push() {
        guard let name = underWay.first?.name else { return }
        // What fails here fails in `finish` again.
        do throws(RedisError) { try wire.push(operation: name) } catch { pushFailure = error }
    }

    func finish(until deadline: ContinuousClock.Instant) -> Outcome {
        let commands = underWay
        underWay = []
        var outcome = Outcome()
        outcome.replies.reserveCapacity(commands.count)
        do throws(RedisError) {
            if let pushFailure { throw pushFailure }
            while outcome.replies.count < commands.count {
                encodeAhead(commands)
                let operation = commands[outcome.replies.count].name
                let lowWater = encoded < commands.count ? Self.encodedAhead / 2 : 0
                if try wire.move(until: deadline, lowWater: lowWater, operation: operation) == .deadline {
                    throw wire.failure(
                        .deadline, operation,
                        "expected \(commands.count) replies in time, came \(outcome.replies.count)")
                }
                while outcome.replies.count < encoded, let reply = try wire.nextReply(operation: operation) {
                    outcome.replies.append(reply)
                }
            }
            isBroken = false
        } catch {
            outcome.failure = error
        }
        return outcome
    }

    private func encodeAhead(_ commands: [RedisCommand]) {
        while encoded < commands.count, wire.unsentBytes < Self.encodedAhead {
            wire.enqueue(commands[encoded])
            encoded += 1
        }
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
        for step in steps { _ = try call(step, until: deadline) }
    }
}

@available(*, unavailable, message: "a connection belongs to one thread; see RedisThread")
extension ServerConnection: Sendable {}
