import Bench
import Contracts
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@Suite("The audit of live keys")
struct LaneAuditTests {
    private func audit(_ commands: [RedisCommand]) throws -> LaneAudit {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        _ = try connection.call(RedisCommand("HSET", "ns:{de.0}:lane", "appended", "0", "decided", "0"))
        for command in commands { _ = try connection.call(command) }
        return try LaneAudit(lane: "de.0", namespace: "ns", connection: connection)
    }

    private func state(_ name: String, timer: Int64?) throws -> RedisCommand {
        var state = EntityState()
        state.decisions = 1
        if let timer {
            var armed = ArmedTimer()
            armed.kind = .promiseDue
            armed.dueAt = timer
            state.timers = [armed]
        }
        var command = RedisCommand("HSET", "ns:{de.0}:state:\(StableHash.hash(name) >> 58)", name)
        command.add(try state.serializedBytes())
        return command
    }

    @Test("a lane whose keys agree has no fault")
    func clean() throws {
        let audit = try audit([
            try state("m/shop/ana", timer: 90), RedisCommand("ZADD", "ns:{de.0}:timers", "90", "m/shop/ana"),
        ])
        #expect(audit.isSettled)
        #expect(audit.faults.isEmpty, "\(audit.faults)")
        #expect(audit.states == 1)
    }

    @Test("an armed state that no timer will wake is found")
    func unarmed() throws {
        #expect(try audit([try state("m/shop/ana", timer: 90)]).faults.count == 1)
        let late = try audit([
            try state("m/shop/ana", timer: 90), RedisCommand("ZADD", "ns:{de.0}:timers", "91", "m/shop/ana"),
        ])
        #expect(late.faults.count == 1)
    }

    @Test(
        "the cursor that it advises lies behind what was decided, also where that batch was redacted into what is kept")
    func cursorOfForgotten() throws {
        func batch(_ entry: UInt64, event: String) throws -> [UInt8] {
            var batch = ResultBatch()
            batch.results = [
                DecisionResult.with { ($0.event, $0.entryMs, $0.index) = (event, entry, 2) },
                DecisionResult.with { ($0.timer, $0.entryMs, $0.index) = ("erased", entry + 100, 0) },
            ]
            return try batch.serializedBytes()
        }
        var results = RedisCommand("XADD", "ns:{de.0}:results", "20-0", "b")
        results.add(try batch(20, event: "e"))
        var kept = RedisCommand("HSET", "ns:{de.0}:kept", "r/30-0")
        kept.add(try batch(30, event: ""))
        let broken = RedisCommand("HSET", "ns:{de.0}:lane", "cursor", "x")
        let faults = try audit([results, kept, broken]).faults
        #expect(faults.contains { $0.contains("cursor 30-0 index 3") }, "\(faults)")
        #expect(try audit([results, broken]).faults.contains { $0.contains("cursor 20-0 index 3") })
    }

    @Test("bytes that are no state, an action without its place in the outbox, and impossible counts are found")
    func damage() throws {
        let name = "m/shop/ana"
        let key = "ns:{de.0}:state:\(StableHash.hash(name) >> 58)"
        #expect(try audit([RedisCommand("HSET", key, name, "\u{FF}\u{FF}")]).faults.count == 1)
        #expect(try audit([RedisCommand("HSET", "ns:{de.0}:actions", "x", "y")]).faults.count == 2)
        #expect(try audit([RedisCommand("HSET", "ns:{de.0}:lane", "decided", "3")]).faults.count == 1)
    }

    @Test("a lane that was placed since the audit began is not at fault; one with a number that nobody gave is")
    func placedSince() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        func faults(given number: String) throws -> [String] {
            for command in [
                RedisCommand("HSET", "ns:{ctl}:partitions", "de", "1|de|Europe/Berlin|4"),
                RedisCommand("HSET", "ns:{ctl}:slot", "assignment", "70"),
                RedisCommand("HSET", "ns:{de.0}:lane", "generation", "1", "assignment", "71"),
            ] { _ = try connection.call(command) }
            let begun = try #require(try LaneWhereabouts(namespace: "ns", connection: connection))
            _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:slot", "assignment", number))
            return try LaneAudit(lane: "de.0", namespace: "ns", connection: connection, whereabouts: begun).faults
        }
        #expect(try faults(given: "71").isEmpty)
        let fault = try faults(given: "70")
        #expect(fault.count == 1 && fault[0].hasPrefix("expected an assignment up to 70, got 71"))
    }

    private func strays(_ commands: [RedisCommand]) throws -> [String] {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        let topology = [
            RedisCommand("HSET", "ns:{ctl}:partitions", "de", "1|de|Europe/Berlin|4"),
            RedisCommand("HSET", "ns:{ctl}:accounts", "shop", "1|de"),
            RedisCommand("HSET", "ns:{ctl}:slot", "assignment", "70"),
        ]
        for command in topology + commands { _ = try connection.call(command) }
        let whereabouts = try #require(try LaneWhereabouts(namespace: "ns", connection: connection))
        return try (0..<4).flatMap { number in
            let lane = "de.\(number)"
            _ = try connection.call(RedisCommand("HSETNX", "ns:{\(lane)}:lane", "generation", "1"))
            return try LaneAudit(lane: lane, namespace: "ns", connection: connection, whereabouts: whereabouts).faults
        }
    }

    @Test(
        "what lies in another lane than the topology says, or in two, is named with what to do, a move's copies are not"
    )
    func strays() throws {
        let name = "m/shop/ana"
        let partition = try PartitionName("de")
        let own = partition.lane(account: "shop", contact: "ana", of: 4)
        let other = try #require((0..<4).map { partition.lane($0) }.first { $0 != own })
        let hash = "state:\(StableHash.hash(name) >> 58)"
        func state(_ lane: LaneName) throws -> RedisCommand {
            var state = EntityState()
            state.decisions = 1
            var command = RedisCommand("HSET", "ns:{\(lane)}:\(hash)", name)
            command.add(try state.serializedBytes())
            return command
        }
        #expect(try strays([try state(own), RedisCommand("ZADD", "ns:{\(own)}:timers", "5", name)]).isEmpty)
        let alone = try strays([try state(other)])
        #expect(alone.count == 1 && alone[0].contains("state \(name) in \(own)") && alone[0].contains("HDEL"))
        let twice = try strays([try state(own), try state(other)])
        #expect(twice.count == 1 && twice[0].contains("two lanes have it"))
        var item = OpenItem()
        item.conversation = name
        var action = Action()
        action.conversation = name
        var open = RedisCommand("HSET", "ns:{\(other)}:open", name)
        open.add(try item.serializedBytes())
        var waiting = RedisCommand("HSET", "ns:{\(other)}:actions", "x")
        waiting.add([UInt8](repeating: 0, count: 13) + (try action.serializedBytes()))
        let rest = try strays([
            open, waiting, RedisCommand("ZADD", "ns:{\(other)}:outbox", "1", "x"),
            RedisCommand("ZADD", "ns:{\(other)}:timers", "5", name),
        ])
        #expect(rest.map { $0.split(separator: " ")[2] }.sorted() == ["action", "open", "timer"])
        let moving = RedisCommand("HSET", "ns:{\(other)}:lane", "move", "17", "generation", "1")
        #expect(try strays([try state(other), moving]).isEmpty)
        let retired = RedisCommand("HSET", "ns:{\(other)}:lane", "move", "retired", "generation", "1")
        #expect(try strays([try state(other), retired]).count == 1)
    }

    @Test("a generation that is not the topology's, and an assignment that nobody was given, are named")
    func foreign() throws {
        let found = try strays([RedisCommand("HSET", "ns:{de.1}:lane", "generation", "7", "assignment", "71")])
        #expect(found.count == 2 && found[0].contains("generation 1") && found[1].contains("up to 70"))
    }
}
