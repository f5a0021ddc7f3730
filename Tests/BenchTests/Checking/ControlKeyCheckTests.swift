import Bench
import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("The audit of the keys that all members share")
struct ControlKeyCheckTests {
    private static func partition() throws -> PartitionName { try PartitionName("de-berlin") }

    /// A house with a topology, as its store makes it.
    private static func house() throws -> (server: PrivateRedis, connection: RedisConnection, topology: TopologyStore) {
        let (server, berlin) = (try PrivateRedis(), try partition())
        let connection = try server.connect()
        let topology = TopologyStore(connection: connection, keyspace: .standard)
        _ = try topology.create(
            TopologyWish(
                partitions: [berlin: .init(market: "de", zone: "Europe/Berlin", lanes: 2)],
                accounts: ["shop": berlin],
                teams: ["berlin"]))
        return (server, connection, topology)
    }

    @Test("a house as its stores make it has no fault, nor has one with keys that are missing")
    func clean() throws {
        let (server, connection, _) = try Self.house()
        defer { server.close() }
        #expect(try ControlKeyCheck(namespace: "ns", connection: connection).faults.isEmpty)
        #expect(try ControlKeyCheck(namespace: "other", connection: connection).faults.isEmpty)
    }

    @Test(
        "what somebody wrote there is named with key, field, what was expected and what came",
        arguments: [
            (["HSET", "ns:{ctl}:slot", "assignment", "-5"], "assignment of ns:{ctl}:slot"),
            (["HSET", "ns:{ctl}:slot", "assignment", "8000000000000000"], "assignment of ns:{ctl}:slot"),
            (["HSET", "ns:{ctl}:slot", "topology", "x"], "topology of ns:{ctl}:slot"),
            (["HSET", "ns:{ctl}:slot", "policy", "-1"], "policy of ns:{ctl}:slot"),
            (["HSET", "ns:{ctl}:partitions", "de-berlin", "1|de|Europe/Berlin|0"], "generation|market|zone|lanes"),
            (["HSET", "ns:{ctl}:accounts", "shop", "de"], "generation|partition"),
            (["HSET", "ns:{ctl}:desks", "berlin", "x"], "berlin of ns:{ctl}:desks"),
            (["HSET", "ns:{ctl}:retired", "de-berlin.7", "x"], "an instant in ms"),
            (["HSET", "ns:{ctl}:retired", "nonsense", "1"], "expected nonsense of ns:{ctl}:retired to be a lane"),
            (["SET", "ns:{ctl}:releases", "x"], "expected ns:{ctl}:releases to be a hash, got a string"),
            (["SADD", "ns:{ctl}:moved", "x"], "to be a zset, got a set"),
            (["SET", "ns:{ctl}:pins", "x"], "expected ns:{ctl}:pins to be a hash, got a string"),
        ])
    func named(command: [String], words: String) throws {
        let (server, connection, _) = try Self.house()
        defer { server.close() }
        var edit = RedisCommand(command[0])
        for word in command.dropFirst() { edit.add(word) }
        _ = try connection.call(edit)
        let faults = try ControlKeyCheck(namespace: "ns", connection: connection).faults
        #expect(faults.count == 1 && faults.allSatisfy { $0.contains(words) }, "\(faults)")
    }

    @Test("the command that it advises mends it: partitions and desks with the generation that their lanes have")
    func mended() throws {
        let (server, connection, topology) = try Self.house()
        defer { server.close() }
        let (before, berlin) = (try topology.read(), try Self.partition())
        _ = try connection.call(RedisCommand("HSET", "ns:{\(berlin.lane(0))}:lane", "generation", "4"))
        for (key, field) in [("partitions", berlin.text), ("desks", "berlin"), ("slot", "topology")] {
            _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:\(key)", field, "x"))
        }
        for fault in try ControlKeyCheck(namespace: "ns", connection: connection).faults {
            let advised = try #require(fault.split(separator: "`").last).replacing("'", with: "")
                .replacing("MARKET|ZONE|LANES", with: "de|Europe/Berlin|2")
            var command = RedisCommand("HSET")
            for word in advised.split(separator: " ").dropFirst() { command.add(String(word)) }
            _ = try connection.call(command)
        }
        #expect(try ControlKeyCheck(namespace: "ns", connection: connection).faults.isEmpty)
        let store = TopologyStore(connection: connection, keyspace: .standard)
        let after = try store.read()
        #expect(after.number > 0 && after.partitions[berlin]?.generation == 4)
        #expect(after.lanes == before.lanes && after.desks == before.desks)
    }
}
