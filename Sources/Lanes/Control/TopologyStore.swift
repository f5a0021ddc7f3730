internal import Contracts
internal import Instants
package import Redis

/// The topology in Redis. Belongs to the thread of its connection.
package final class TopologyStore {
    let connection: RedisConnection
    let keyspace: Keyspace
    let lanes: LaneStore
    private var known: Topology?

    /// - Parameter durability: holds for moves.
    package init(connection: RedisConnection, keyspace: Keyspace, durability: Durability = .everysec) {
        self.connection = connection
        self.keyspace = keyspace
        lanes = LaneStore(connection: connection, keyspace: keyspace, durability: durability)
    }

    package convenience init(_ connector: LaneConnector, clientName: String? = nil) throws(LaneError) {
        do {
            self.init(
                connection: try RedisConnection(connector.endpoint, clientName: clientName),
                keyspace: connector.keyspace)
        } catch {
            throw .redis(error)
        }
    }

    /// Creates what is missing, then every lane that is missing. Gives what disagrees; then nothing was written.
    ///
    /// Interrupted, it may leave lanes uncreated; the same call again creates them.
    package func create(_ wish: TopologyWish) throws(LaneError) -> [TopologyDisagreement] {
        try check(wish)
        let reply = try StoreLibrary.functions.call(
            "topology", keys: ["slot", "namespace", "partitions", "accounts", "desks"].map(keyspace.control),
            on: connection
        ) { Self.write(wish, keyspace.control("wake"), into: &$0) }
        let disagreements = try reply.dropFirst(2).map { (line) throws(LaneError) in try Self.disagreement(line) }
        guard disagreements.isEmpty else { return disagreements }
        let topology = try read()
        let creations = topology.lanes.map { lane in
            (
                lane: lane,
                verb: ControlVerb.create(
                    generation: topology.generation(of: lane) ?? 1, isVirtual: topology.isVirtual,
                    offset: topology.offset)
            )
        }
        for start in stride(from: 0, to: creations.count, by: 1_000) {
            let slice = Array(creations[start..<min(start + 1_000, creations.count)])
            for (creation, reply) in zip(slice, try lanes.control(slice)) {
                guard case .done = reply else {
                    throw .unexpectedReply(call: "create \(creation.lane)", came: "\(reply)")
                }
            }
        }
        return []
    }

    /// The same for whoever keeps the topology elsewhere than in a store.
    package func read(after known: Topology?) throws(LaneError) -> Topology {
        self.known = known
        return try read()
    }

    /// The topology; read whole if its number changed since the last call, else one small command.
    package func read() throws(LaneError) -> Topology {
        let number = try currentNumber()
        if let known, known.number == number { return known }
        let replies = try pipeline(
            [
                RedisCommand("HMGET", keyspace.control("namespace"), "virtual", "offset"),
                RedisCommand("HGETALL", keyspace.control("partitions")),
                RedisCommand("HGETALL", keyspace.control("accounts")),
                RedisCommand("HGETALL", keyspace.control("desks")),
                RedisCommand("HGETALL", keyspace.control("retired")),
            ])
        let namespace = replies.first?.array ?? []
        var topology = Topology(
            number: number, isVirtual: namespace.first?.string == "1",
            offset: .milliseconds(namespace.last?.int ?? 0))
        for (name, value) in try pairs(replies, 1) {
            let parts = value.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 4, let generation = UInt64(parts[0]), let count = Int(parts[3]),
                (1...TopologyWish.mostLanes).contains(count), let partition = try? PartitionName(name)
            else { throw .unexpectedReply(call: "partitions", came: "\(name) = \(value.prefix(80))") }
            topology.partitions[partition] = .init(
                generation: generation, market: String(parts[1]), zone: String(parts[2]), lanes: count)
        }
        for (id, value) in try pairs(replies, 2) {
            let parts = value.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 2, let generation = UInt64(parts[0]),
                let partition = try? PartitionName(String(parts[1]))
            else { throw .unexpectedReply(call: "accounts", came: "\(id) = \(value.prefix(80))") }
            topology.accounts[id] = .init(generation: generation, partition: partition)
        }
        for (team, value) in try pairs(replies, 3) {
            guard let generation = UInt64(value) else {
                throw .unexpectedReply(call: "desks", came: "\(team) = \(value.prefix(80))")
            }
            topology.desks[team] = generation
        }
        for (lane, since) in try pairs(replies, 4) {
            guard let name = try? LaneName(lane), let since = Int64(since) else {
                throw .unexpectedReply(call: "retired", came: "\(lane) = \(since)")
            }
            topology.retired[name] = Instant(milliseconds: since)
        }
        known = topology
        return topology
    }

    private func currentNumber() throws(LaneError) -> UInt64 {
        let replies = try pipeline([RedisCommand("HGET", keyspace.control("slot"), "topology")])
        return UInt64(clamping: replies.first?.int ?? 0)
    }

    private func pairs(_ replies: [RedisReply], _ index: Int) throws(LaneError) -> [(String, String)] {
        guard index < replies.count, let flat = replies[index].array else {
            throw .unexpectedReply(call: "topology", came: index < replies.count ? replies[index].kind : "nothing")
        }
        return zip(flat, flat.dropFirst()).enumerated().compactMap { offset, pair in
            guard offset % 2 == 0, let name = pair.0.string, let value = pair.1.string else { return nil }
            return (name, value)
        }
    }

    private func pipeline(_ commands: [RedisCommand]) throws(LaneError) -> [RedisReply] {
        do { return try connection.pipeline(commands) } catch { throw .redis(error) }
    }

    private func check(_ wish: TopologyWish) throws(LaneError) {
        let entries = wish.partitions.count + wish.accounts.count + wish.teams.count
        guard entries <= TopologyWish.mostEntries else {
            throw .invalidRequest(
                "expected at most \(TopologyWish.mostEntries) partitions, accounts and desks, got \(entries)")
        }
        for (name, partition) in wish.partitions {
            guard (1...TopologyWish.mostLanes).contains(partition.lanes) else {
                throw .invalidRequest(
                    "expected 1 to \(TopologyWish.mostLanes) lanes, got \(partition.lanes) for partition \(name)")
            }
            for text in [partition.market, partition.zone] where text.isEmpty || text.utf8.contains(0x7C) {
                throw .invalidRequest("expected a market and a zone without |, got \"\(text)\" for partition \(name)")
            }
        }
        for account in wish.accounts.keys where account.isEmpty || account.utf8.contains(0x7C) {
            throw .invalidRequest("expected an account's id without |, got \"\(account)\"")
        }
        for team in wish.teams where (try? LaneName.desk(team: team)) == nil {
            throw .invalidRequest("expected a team [a-z0-9-]{1,35}, got \"\(team)\"")
        }
    }

    private static func write(_ wish: TopologyWish, _ channel: String, into command: inout RedisCommand) {
        command.add(wish.isVirtual.map { $0 ? "1" : "0" } ?? "")
        command.add(wish.offset.wholeMilliseconds)
        command.add(channel)
        command.add(wish.partitions.count)
        for (name, partition) in wish.partitions.sorted(by: { $0.key < $1.key }) {
            command.add(name.text)
            command.add(partition.market)
            command.add(partition.zone)
            command.add(partition.lanes)
        }
        command.add(wish.accounts.count)
        for (id, partition) in wish.accounts.sorted(by: { $0.key < $1.key }) {
            command.add(id)
            command.add(partition.text)
        }
        let teams = Set(wish.teams).sorted()
        command.add(teams.count)
        for team in teams { command.add(team) }
    }

    private static func disagreement(_ line: RedisReply) throws(LaneError) -> TopologyDisagreement {
        let text = line.string ?? ""
        let parts = text.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { throw .unexpectedReply(call: "topology", came: "\(text.prefix(80))") }
        // What is there and what was wished have the same number of parts.
        let values = parts[2].split(separator: "|", omittingEmptySubsequences: false)
        let half = values.count / 2
        return TopologyDisagreement(
            kind: parts[0], name: parts[1], there: values.prefix(half).joined(separator: " "),
            wished: values.dropFirst(half).joined(separator: " "))
    }
}
