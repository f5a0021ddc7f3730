import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("TopologyStore and PolicyStore")
struct StoresTests {
    private func wish(
        _ partitions: [(String, Int)] = [("de-berlin", 8)], accounts: [String: String] = ["page1": "de-berlin"],
        zone: String = "Europe/Berlin", isVirtual: Bool = false
    ) throws -> TopologyWish {
        var wished: [PartitionName: Topology.Partition] = [:]
        for (name, lanes) in partitions {
            wished[try PartitionName(name)] = .init(market: "de", zone: zone, lanes: lanes)
        }
        return TopologyWish(
            partitions: wished, accounts: try accounts.mapValues { try PartitionName($0) }, teams: ["care"],
            isVirtual: isVirtual, offset: isVirtual ? .seconds(86_400) : .zero)
    }

    private func store(_ server: PrivateRedis) throws -> TopologyStore {
        TopologyStore(connection: try server.connect(), keyspace: .standard)
    }

    @Test("what is missing is created with generation 1, lanes included, and the same wish again changes nothing")
    func creates() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        #expect(try store.read().number == 0)
        #expect(try store.create(try wish(isVirtual: true)).isEmpty)
        let topology = try store.read()
        #expect(topology.lanes.count == 9 && topology.lanes.first?.text == "de-berlin.0")
        #expect(topology.lanes.last?.text == "desk-care.0" && topology.isVirtual && topology.offset == .seconds(86_400))
        #expect(topology.generation(of: try LaneName("de-berlin.3")) == 1)
        #expect(topology.generation(of: try LaneName("desk-care.0")) == 1)
        #expect(topology.generation(of: try LaneName("us-ny.0")) == nil)
        #expect(topology.accounts["page1"]?.partition.text == "de-berlin")
        let lanes = LaneStore(connection: try server.connect(), keyspace: .standard)
        #expect(
            try lanes.look(topology.lanes).allSatisfy { $0.exists && $0.isVirtual && $0.offset == .seconds(86_400) })
        #expect(try store.create(try wish(isVirtual: true)).isEmpty)
        #expect(try store.read().number == topology.number)
    }

    @Test("what disagrees is named with what is there and what was wished, and nothing is written")
    func refuses() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        _ = try store.create(try wish())
        let number = try store.read().number
        let found = try store.create(
            try wish([("de-berlin", 4), ("fi", 2)], accounts: ["page1": "fi", "page9": "nowhere"], isVirtual: true))
        #expect(
            found.map(\.description) == [
                "account page1: Redis holds de-berlin, the configuration wants fi",
                "account page9: Redis holds no such partition, the configuration wants nowhere",
                "namespace virtual: Redis holds 0, the configuration wants 1",
                "partition de-berlin: Redis holds de Europe/Berlin 8, the configuration wants de Europe/Berlin 4",
            ])
        #expect(
            found.map(\.remedy) == ["accounts move page1 fi", nil, nil, "lanes resize de-berlin 4"])
        #expect(try store.read().number == number)
        #expect(try store.read().partitions.count == 1)
    }

    @Test("a wish that does not say whether clocks can be stepped agrees with either, and makes them such as cannot")
    func anyClock() throws {
        for made in [true, false] {
            let server = try PrivateRedis()
            let store = try store(server)
            _ = try store.create(try wish(isVirtual: made))
            var any = try wish([("de-berlin", 8), ("fi", 2)])
            any.isVirtual = nil
            #expect(try store.create(any).isEmpty)
            #expect(try store.read().isVirtual == made && store.read().partitions.count == 2)
        }
        let server = try PrivateRedis()
        let store = try store(server)
        var new = try wish()
        new.isVirtual = nil
        #expect(try store.create(new).isEmpty && !store.read().isVirtual)
    }

    @Test("a wish that cannot be held is refused before Redis is asked")
    func badWishes() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        for bad in [try wish([("a", 0)]), try wish([("a", 1_025)]), try wish(zone: "a|b"), try wish(zone: "")] {
            #expect(throws: LaneError.self) { try store.create(bad) }
        }
        #expect(try store.read().partitions.isEmpty)
    }

    @Test("a reader sees a change of the topology and otherwise asks for its number only")
    func cached() throws {
        let server = try PrivateRedis()
        let (writer, reader) = (try store(server), try store(server))
        _ = try writer.create(try wish())
        let first = try reader.read()
        // Behind the number's back: a reader that still holds the number does not look.
        let connection = try server.connect()
        _ = try connection.call(RedisCommand("HDEL", "ns:{ctl}:accounts", "page1"))
        #expect(try reader.read() == first)
        _ = try writer.create(try wish([("de-berlin", 8), ("fi", 1)]))
        #expect(try reader.read().lanes.count == 10)
    }

    @Test("policies are numbered from 1, named by their hash, and only the expected number is replaced")
    func publishes() throws {
        let server = try PrivateRedis()
        let store = PolicyStore(connection: try server.connect(), keyspace: .standard)
        func hash(_ byte: UInt8) -> [UInt8] { .init(repeating: byte, count: 32) }
        #expect(try store.current() == nil)
        #expect(try store.publish([1, 2], hash: hash(1), expected: 0) == .published(number: 1))
        #expect(try store.publish([1, 2], hash: hash(1), expected: 0) == .same(number: 1))
        #expect(try store.publish([3], hash: hash(2), expected: 0) == .moved(current: 1))
        #expect(try store.current() == StoredPolicy(number: 1, hash: hash(1), bytes: [1, 2]))
        for number in 2...40 as ClosedRange<UInt64> {
            let reply = try store.publish([UInt8(number)], hash: hash(UInt8(number)), expected: number - 1)
            #expect(reply == .published(number: number))
        }
        #expect(try store.load(8) == nil)
        #expect(try store.load(9)?.bytes == [9])
        #expect(try store.number() == 40)
        #expect(throws: LaneError.self) { try store.publish([1], hash: [1], expected: 40) }
        #expect(throws: LaneError.self) { try store.publish([], hash: hash(1), expected: 40) }
    }

    @Test("numbers that somebody edited below zero end nobody's process")
    func negative() throws {
        let server = try PrivateRedis()
        let store = try store(server)
        _ = try store.create(try wish())
        let connection = try server.connect()
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:slot", "topology", "-1", "policy", "-1"))
        #expect(try store.read().number == 0)
        #expect(try PolicyStore(connection: connection, keyspace: .standard).current() == nil)
    }
}
