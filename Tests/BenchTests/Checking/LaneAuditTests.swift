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

    @Test("bytes that are no state, an action without its place in the outbox, and impossible counts are found")
    func damage() throws {
        let name = "m/shop/ana"
        let key = "ns:{de.0}:state:\(StableHash.hash(name) >> 58)"
        #expect(try audit([RedisCommand("HSET", key, name, "\u{FF}\u{FF}")]).faults.count == 1)
        #expect(try audit([RedisCommand("HSET", "ns:{de.0}:actions", "x", "y")]).faults.count == 1)
        #expect(try audit([RedisCommand("HSET", "ns:{de.0}:lane", "decided", "3")]).faults.count == 1)
    }
}
