import Contracts
import Lanes
import Membership
import TestSupport
import Testing

@testable import Coordination

@Suite("Placement over the shards of a Redis Cluster", .serialized)
struct ShardAffinityTests {
    /// One member for each shard whose home it is.
    private static func members(homes shards: [Int]) throws -> [Int: MemberID] {
        var found: [Int: MemberID] = [:]
        for index in 0..<1_000 where found.count < shards.count {
            let id = try member("w\(index)")
            guard let home = LoadTable.homes([StableHash.hash(id.text)], shards).first else { continue }
            found[home] = found[home] ?? id
        }
        return found
    }

    @Test("a coordinator reads from the slot map where lanes lie and gives members the lanes of their home shard")
    func homes() throws {
        let cluster = try PrivateCluster()
        defer { cluster.close() }
        let connector = LaneConnector(endpoint: cluster.endpoint)
        let store = LaneStore(connection: try cluster.connect(), keyspace: .standard)
        let control = ControlStore(connection: try cluster.connect(), keyspace: .standard)
        let topology = TopologyStore(connection: try cluster.connect(), keyspace: .standard)
        var wish = TopologyWish(partitions: [:], accounts: [:], teams: [])
        for index in 0..<15 {
            wish.partitions[try PartitionName("p\(index)")] = .init(market: "de", zone: "Europe/Berlin", lanes: 16)
        }
        _ = try topology.create(wish)
        let lanes = try topology.read().lanes
        let starts = Dictionary(uniqueKeysWithValues: lanes.map { ($0, store.shardStart(of: $0)) })
        let shards = Set(starts.values.compactMap(\.self)).sorted()
        #expect(shards.count == 3 && lanes.count == 240)
        let members = try Self.members(homes: shards)
        #expect(members.count == 3)

        // Nobody is declared dead here, whatever the machine is busy with.
        let times = LeaseTimes(lease: .seconds(60))
        func beat() throws {
            for id in members.values {
                _ = try control.beat(
                    Heartbeat(id: id, load: MemberLoad(runners: 2, busy: 0), held: 0), lease: times.lease,
                    gap: times.gap)
            }
        }
        try beat()
        let coordinator = Coordinator(
            id: try member("c1"), settings: .init(times: times), connector: connector, log: silent)
        defer { coordinator.stop() }
        let end = ContinuousClock.now + .seconds(60)
        var targets: [LaneName: MemberID] = [:]
        while targets.count < lanes.count, ContinuousClock.now < end {
            try beat()
            for (lane, target) in try control.changes(since: 0) { targets[lane] = target.member }
        }
        try #require(targets.count == lanes.count)
        let atHome = targets.count { lane, id in starts[lane].flatMap { $0 }.flatMap { members[$0] } == id }
        // By chance it would be a third.
        #expect(atHome >= lanes.count * 7 / 10, "\(atHome) of \(lanes.count) lanes lie on their member's home shard")
        for id in members.values { #expect((64...96).contains(targets.values.count { $0 == id })) }
    }
}
