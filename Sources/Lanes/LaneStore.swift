internal import Contracts
package import Instants
package import Redis

/// The lanes of one Redis or one Redis Cluster: what owners, couriers, producers and operators do to them.
///
/// Every call takes many lanes and is one round trip. It belongs to the thread that made it, like its connection. A
/// thrown error leaves open whether the call took effect; a refusal is a value in the lane's own reply. On a cluster a
/// primary that cannot be reached is a fault of its own lanes (`LaneFault.isPassing`, `.isInDoubt`), never of the others.
/// The Lua files under `Functions` say what each call guarantees.
package final class LaneStore {
    package let keyspace: Keyspace
    package let durability: Durability
    package let connection: RedisConnection
    private var keys: [LaneName: LaneKeys] = [:]
    /// On a cluster, over which connection each lane was taken.
    var links: [LaneName: UInt64] = [:]

    /// How long WAIT waits for replicas.
    private static let replicationPatience: Duration = .seconds(2)

    package init(connection: RedisConnection, keyspace: Keyspace, durability: Durability = .everysec) {
        self.connection = connection
        self.keyspace = keyspace
        self.durability = durability
    }

    /// Whether the connection failed; nothing works any more then.
    package var isBroken: Bool { connection.isBroken }

    /// Redis's clock.
    package func serverTime() throws(LaneError) -> Instant {
        guard let reply = try plain([RedisCommand("TIME")]).first else {
            throw .unexpectedReply(call: "TIME", came: "nothing")
        }
        return try Self.instant(ofTime: reply)
    }

    static func instant(ofTime reply: RedisReply) throws(LaneError) -> Instant {
        guard let parts = reply.array, parts.count == 2, let seconds = parts[0].int, let micros = parts[1].int else {
            throw .unexpectedReply(call: "TIME", came: reply.kind)
        }
        return Instant(seconds: seconds) + .microseconds(micros)
    }

    /// The keys of a lane, made once.
    func keys(of lane: LaneName) -> LaneKeys {
        if let known = keys[lane] { return known }
        let made = keyspace.lane(lane)
        keys[lane] = made
        return made
    }

    /// The key of a lane's hash. Nothing is kept of lanes that are only looked at: all keys of one are 75 arrays, and those
    /// of 50,000 lanes were a quarter of a gigabyte in a coordinator.
    func hashKey(of lane: LaneName) -> [UInt8] { keys[lane]?.hash ?? keyspace.laneHash(lane) }

    /// Where in a cluster a lane lies.
    func slot(of lane: LaneName) -> KeySlot { keys[lane]?.slot ?? KeySlot(of: keyspace.laneHash(lane)) }

    /// Runs function calls; with `durably` their replies count only once the named number of replicas has the writes.
    func run(
        _ commands: [RedisCommand], of library: VersionedLibrary = LaneLibrary.functions, durably: Bool = false
    ) throws(LaneError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        guard durably, durability.replicas > 0 else {
            return try redis { () throws(RedisError) in try library.run(commands, wait: nil, on: connection).replies }
        }
        let wait = waitForReplicas
        var (replies, reached) = try redis { () throws(RedisError) in
            try library.run(commands, wait: wait, on: connection)
        }
        for index in replies.indices where reached[index] < durability.replicas && replies[index].error == nil {
            let error = LaneError.notReplicated(expected: durability.replicas, got: Int(reached[index]))
            guard connection.isCluster else { throw error }
            replies[index] = .error(RedisServerError(code: RedisServerError.noReply, message: error.description))
        }
        return replies
    }

    private var waitForReplicas: RedisCommand {
        RedisCommand("WAIT", String(durability.replicas), String(Self.replicationPatience.wholeMilliseconds))
    }

    /// Runs plain commands; a server's error for one of them is thrown.
    func plain(_ commands: [RedisCommand]) throws(LaneError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        let replies = try answers(commands)
        try check(replies, of: commands)
        return replies
    }

    /// The same for writes whose replies count only once the named number of replicas has them.
    func plainDurably(_ commands: [RedisCommand]) throws(LaneError) {
        guard durability.replicas > 0 else { return _ = try plain(commands) }
        guard !commands.isEmpty else { return }
        let (replies, reached) = try redis { () throws(RedisError) in
            try connection.pipeline(commands, closing: waitForReplicas)
        }
        try check(replies, of: commands)
        let least = Int(reached.map { $0.int ?? 0 }.min() ?? 0)
        guard least >= durability.replicas else {
            throw .notReplicated(expected: durability.replicas, got: least)
        }
    }

    private func check(_ replies: [RedisReply], of commands: [RedisCommand]) throws(LaneError) {
        for (command, reply) in zip(commands, replies) {
            guard let error = reply.error else { continue }
            throw .redis(
                RedisError(
                    .server(error), operation: command.name, endpoint: "\(connection.endpoint)",
                    message: error.description))
        }
    }

    /// The same, where some lanes are to be read although others cannot: an error that concerns a lane alone, since its
    /// primary is away (on a cluster) or its key holds something else, stands in its place.
    func plainWhereReached(_ commands: [RedisCommand]) throws(LaneError) -> [RedisReply] {
        let replies = try answers(commands)
        for (command, reply) in zip(commands, replies) {
            guard let error = reply.error else { continue }
            let fault = LaneFault(error)
            if fault.isOfKey || connection.isCluster && fault.isAway { continue }
            throw .redis(
                RedisError(
                    .server(error), operation: command.name, endpoint: "\(connection.endpoint)",
                    message: error.description))
        }
        return replies
    }

    /// Reads the reply of each request; `fault` makes the lane's reply of an error that Redis gave for it alone, or of an
    /// answer that makes no sense: what somebody wrote into one lane's keys must not hold up the others.
    func each<Request, Reply>(
        _ requests: [Request], _ replies: [RedisReply], call: String, fault: (LaneFault) -> Reply,
        _ read: (Request, FunctionAnswer) throws(LaneError) -> Reply
    ) throws(LaneError) -> [Reply] {
        guard requests.count == replies.count else {
            throw .outOfStep(call: call, calls: requests.count, replies: replies.count)
        }
        var answers: [Reply] = []
        answers.reserveCapacity(requests.count)
        for index in requests.indices {
            do throws(LaneError) {
                switch try FunctionAnswer.read(replies[index], call: call) {
                case .fault(let error): answers.append(fault(error))
                case .answer(let answer): answers.append(try read(requests[index], answer))
                }
            } catch {
                guard case .unexpectedReply = error else { throw error }
                answers.append(fault(LaneFault(code: LaneFault.noSense, message: error.description)))
            }
        }
        return answers
    }

    private func answers(_ commands: [RedisCommand]) throws(LaneError) -> [RedisReply] {
        try redis { () throws(RedisError) in try connection.pipeline(commands, closing: nil).replies }
    }

    private func redis<Value>(_ body: () throws(RedisError) -> Value) throws(LaneError) -> Value {
        do { return try body() } catch { throw .redis(error) }
    }
}

@available(*, unavailable, message: "a store belongs to the thread of its connection")
extension LaneStore: Sendable {}
