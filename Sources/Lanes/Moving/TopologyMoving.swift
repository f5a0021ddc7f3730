package import Contracts
internal import Redis

/// What became of the wish to move something.
package enum MoveReply: Sendable, Hashable {
    /// It stands in Redis, begun now or before.
    case stands(LaneMove)
    /// The topology is so already.
    case same
    /// There is no such partition or account.
    case missing(String)
    /// Another move of one of its partitions is under way.
    case busy(LaneMove)
}

/// Moves as the control slot holds them; see `move.lua`.
extension TopologyStore {
    /// The moves under way, by number. Redis: O(moves).
    package func moves() throws(LaneError) -> [LaneMove] {
        let reply: RedisReply
        do { reply = try connection.call(RedisCommand("HVALS", keyspace.control("moves"))) } catch {
            throw .redis(error)
        }
        guard let values = reply.array else { throw .unexpectedReply(call: "moves", came: reply.kind) }
        return try values.map { (value) throws(LaneError) in try Self.move(value) }.sorted { $0.number < $1.number }
    }

    /// Begins a resize, or finds it under way.
    package func begin(resize partition: PartitionName, to lanes: Int) throws(LaneError) -> MoveReply {
        guard (1...TopologyWish.mostLanes).contains(lanes) else {
            throw .invalidRequest("expected 1 to \(TopologyWish.mostLanes) lanes, got \(lanes)")
        }
        return try begin("resize", partition.text, "\(lanes)")
    }

    /// Begins the move of an account, or finds it under way.
    package func begin(account: String, to partition: PartitionName) throws(LaneError) -> MoveReply {
        guard !account.isEmpty, !account.utf8.contains(0x7C) else {
            throw .invalidRequest("expected an account's id without |, got \"\(account)\"")
        }
        return try begin("account", account, partition.text)
    }

    private func begin(_ kind: String, _ name: String, _ to: String) throws(LaneError) -> MoveReply {
        let reply = try transition("begin") { command in
            command.add(kind)
            command.add(name)
            command.add(to)
        }
        switch reply.first?.string {
        case "begun", "under": return .stands(try Self.move(reply.last))
        case "same": return .same
        case "missing": return .missing(reply.last?.string ?? name)
        case "busy": return .busy(try Self.move(reply.last))
        default: throw .unexpectedReply(call: "move", came: reply.first?.string ?? "nothing")
        }
    }

    /// Makes the topology the new one; nil if the move does not stand there any more.
    func switchOver(_ move: LaneMove) throws(LaneError) -> LaneMove? {
        let reply = try change("switch", move)
        return reply.first?.string == "switched" ? try Self.move(reply.last) : nil
    }

    /// From here on the topology stays the old one; nil if the move does not stand there any more.
    func startTakingBack(_ move: LaneMove) throws(LaneError) -> LaneMove? {
        let reply = try change("abandon", move)
        return reply.first?.string == "abandoning" ? try Self.move(reply.last) : nil
    }

    /// Takes a move that is done, or taken back, off the list, if it stands there.
    func finish(_ move: LaneMove) throws(LaneError) {
        _ = try change("finish", move)
    }

    private func change(_ verb: String, _ move: LaneMove) throws(LaneError) -> [RedisReply] {
        try transition(verb) { command in
            command.add(move.stopped.text)
            command.add(move.text)
        }
    }

    private func transition(
        _ verb: String, _ arguments: (inout RedisCommand) -> Void
    ) throws(LaneError) -> [RedisReply] {
        let keys = ["slot", "partitions", "accounts", "moves", "retired"].map(keyspace.control)
        return try StoreLibrary.functions.call("move", keys: keys, durablyBy: lanes) { command in
            command.add(verb)
            command.add(keyspace.control("wake"))
            arguments(&command)
        }
    }

    private static func move(_ reply: RedisReply?) throws(LaneError) -> LaneMove {
        guard let move = reply?.string.flatMap({ LaneMove(text: $0) }) else {
            throw .unexpectedReply(call: "move", came: reply?.string ?? reply?.kind ?? "nothing")
        }
        return move
    }
}
