import Contracts
import Instants
import Lanes
import Logging
import Redis
import SwiftProtobuf
import TestSupport
import Testing
import Workers

@Suite("Orders to forget that a retired lane could not be given")
struct LateGivingTests {
    @Test(
        "what a lane could not be given the leader gives it once it is out of use, or as an event if it is in use again"
    )
    func given() throws {
        let kit = try WorkerKit()
        let hash = "ns:{\(kit.lane)}:lane"
        let partition = Topology.Partition(market: "de", zone: "Europe/Berlin", lanes: 4)
        _ = try TopologyStore(kit.connector).create(
            TopologyWish(partitions: [.sample: partition], accounts: [:], teams: []))
        try RetiredForgettingTests.retired(kit)
        let connection = try kit.redis.connect()
        let (empty, used, unknown) = (
            PartitionName.sample.lane(2), PartitionName.sample.lane(3), PartitionName.sample.lane(9)
        )
        _ = try connection.call(RedisCommand("HSET", hash, "move", "7"))
        _ = try connection.call(RedisCommand("HSET", "ns:{\(empty)}:lane", "move", "retired", "generation", "1"))
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:retired", "\(empty)", "1"))
        let order = try RetiredForgettingTests.order(kit)
        let lanes = [kit.lane, empty, used, unknown]
        #expect(try kit.store.orderRetired(order, [kit.lane]).refused == [kit.lane])
        #expect(try kit.store.noteLate(lanes.map { LateOrder(order, $0) }))
        #expect(try kit.store.noteLate([LateOrder(order, kit.lane)]))
        #expect(try kit.store.lateOrders().map(\.lane) == lanes)
        let forgetter = RetiredForgetter(connector: kit.connector, log: Logger(label: "test"))
        forgetter.lead(1)
        try PrivateCluster.wait("what can be given is given") { try kit.store.lateOrders().map(\.lane) == [kit.lane] }
        let event = try #require(try kit.store.log(used).first)
        let range = try #require(try EventFraming.ranges(of: event.body).first)
        #expect(try Event(serializedBytes: Array(event.body[range])).id == order.id)
        // It never held anything, and says so.
        #expect(try kit.store.forgotten([empty])[0]?.standing(of: "c1") != .underWay)
        #expect(try kit.store.forgotten([empty])[0]?.done.map(\.tally.events) == [1])
        try PrivateCluster.wait("it is told that one stands") {
            forgetter.open.count == 1 && forgetter.open.since != nil
        }
        #expect(try !kit.store.log(kit.lane).isEmpty)
        _ = try connection.call(RedisCommand("HSET", hash, "move", "retired"))
        _ = try ForgettingTests.waitUntilDone(kit)
        #expect(try kit.store.log(kit.lane).isEmpty)
        try PrivateCluster.wait("nothing stands") { forgetter.open.count == 0 && forgetter.open.since == nil }
        #expect(forgetter.stop(atMost: WorkerKit.patience))
    }

    @Test(
        "an order that ends the connection keeps no other from being given, nor lanes out of use from what they have to do"
    )
    func ended() throws {
        let kit = try WorkerKit()
        let partition = Topology.Partition(market: "de", zone: "Europe/Berlin", lanes: 4)
        _ = try TopologyStore(kit.connector).create(
            TopologyWish(partitions: [.sample: partition], accounts: [:], teams: []))
        try RetiredForgettingTests.retired(kit)
        let connection = try kit.redis.connect()
        let (broken, used) = (PartitionName.sample.lane(2), PartitionName.sample.lane(3))
        let hash = "ns:{\(broken)}:lane"
        _ = try connection.call(RedisCommand("HSET", hash, "move", "retired", "generation", "1"))
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:retired", "\(broken)", "1"))
        // No reply may hold so much: whoever looks at the lane loses the connection.
        _ = try connection.call(
            RedisCommand("EVAL", "redis.call('HSET', KEYS[1], 'owner', string.rep('x', 65 * 1048576))", "1", hash))
        let order = try RetiredForgettingTests.order(kit)
        #expect(try kit.store.orderRetired(order, [kit.lane]).given == [kit.lane])
        #expect(try kit.store.noteLate([LateOrder(order, broken), LateOrder(order, used)]))
        let forgetter = RetiredForgetter(connector: kit.connector, log: Logger(label: "test"))
        forgetter.lead(1)
        try PrivateCluster.wait("the other is given") { try kit.store.lateOrders().map(\.lane) == [broken] }
        _ = try ForgettingTests.waitUntilDone(kit)
        #expect(try kit.store.log(kit.lane).isEmpty)
        try PrivateCluster.wait("it is told that one stands") { forgetter.open.count == 1 }
        _ = try connection.call(RedisCommand("HDEL", hash, "owner"))
        try PrivateCluster.wait("nothing stands") {
            try kit.store.lateOrders().isEmpty && forgetter.open.count == 0
        }
        #expect(forgetter.stop(atMost: WorkerKit.patience))
    }

    @Test("a key of late orders that somebody edited keeps no lane out of use from what it has to do")
    func editedOrders() throws {
        let kit = try WorkerKit()
        try RetiredForgettingTests.retired(kit)
        #expect(try kit.store.orderRetired(try RetiredForgettingTests.order(kit), [kit.lane]).given == [kit.lane])
        _ = try kit.redis.connect().call(RedisCommand("SET", "ns:{ctl}:late-orders", "x"))
        let forgetter = RetiredForgetter(connector: kit.connector, log: Logger(label: "test"))
        forgetter.lead(1)
        _ = try ForgettingTests.waitUntilDone(kit)
        #expect(try kit.store.log(kit.lane).isEmpty)
        #expect(forgetter.stop(atMost: WorkerKit.patience))
    }

    @Test("nothing is noted beyond what there is room for, and nothing that is no order")
    func room() throws {
        let kit = try WorkerKit()
        let order = try RetiredForgettingTests.order(kit)
        var fill = RedisCommand("HSET", "ns:{ctl}:late-orders", "c9:x lane.0", "nonsense")
        for index in 0..<(LaneStore.mostLateOrders - 2) {
            fill.add("c9:x lane.\(index + 1)")
            fill.add("nonsense")
        }
        _ = try kit.redis.connect().call(fill)
        #expect(try kit.store.noteLate([LateOrder(order, kit.lane)]))
        let further = LateOrder(order, PartitionName.sample.lane(1))
        #expect(try !kit.store.noteLate([further]))
        // What stands there needs no room, however often it is said.
        #expect(try kit.store.noteLate([LateOrder(order, kit.lane), LateOrder(order, kit.lane)]))
        #expect(try !kit.store.noteLate([LateOrder(order, kit.lane), further]))
        // What somebody wrote there by hand keeps nothing from being given.
        #expect(try kit.store.lateOrders().map(\.lane) == [kit.lane])
        #expect(throws: LaneError.self) { try kit.store.noteLate([LateOrder(Event(), kit.lane)]) }
    }
}
