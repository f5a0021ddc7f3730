import Contracts
import Conversations
import Lanes
import Redis

/// How far an order to forget is in a whole namespace.
enum DeletionStanding {
    private static let patience = Duration.seconds(2)

    /// Nil if Redis does not answer. Done only once every lane of each partition that has begun is, and every desk.
    static func of(_ code: String, _ redis: RedisThread, _ keyspace: Keyspace) async -> ForgetStanding? {
        try? await redis.run(within: patience) { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            let lanes = try TopologyStore(connection: connection, keyspace: keyspace).read().lanes
            var standings: [LaneName: ForgetStanding] = [:]
            for (lane, people) in zip(lanes, try store.forgotten(lanes)) {
                standings[lane] = people?.standing(of: code) ?? .underWay
            }
            return standing(standings)
        }
    }

    /// A partition in which nothing is known of the order is none of the account's.
    static func standing(_ standings: [LaneName: ForgetStanding]) -> ForgetStanding {
        let known = standings.filter { $0.value != .unknown }
        guard !known.isEmpty else { return .unknown }
        let partitions = Set(known.keys.filter { !$0.isDesk }.map(\.partition))
        var tally = ForgetTally()
        for (lane, standing) in standings where lane.isDesk || partitions.contains(lane.partition) {
            guard case .done(let done) = standing else { return .underWay }
            tally.add(done)
        }
        return .done(tally)
    }
}

extension Policy {
    /// The lanes of the account's partition and of every desk.
    func lanes(ofPeopleOf account: String) -> [LaneName] {
        guard let name = accounts[account]?.partition, let partition = partitions[name] else { return [] }
        let desks = Set(markets.values.map(\.team)).union(teams.keys).compactMap { try? LaneName.desk(team: $0) }
        return (0..<partition.lanes).map { name.lane($0) } + desks.sorted()
    }
}
