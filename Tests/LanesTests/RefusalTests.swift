import Contracts
import Instants
import Redis
import TestSupport
import Testing

@testable import Lanes

/// Whatever the functions are given, they refuse it whole or do it whole: after a call that was answered with an error
/// or a refusal, the data set's digest is what it was before.
@Suite("Arguments out of order")
struct RefusalTests {
    static let calls = 100_000
    static let batch = 100
    static let seed: UInt64 = 20_261_122

    @Test("100,000 calls with broken arguments: refused without a trace, or carried out")
    func fuzz() throws {
        let kit = try LaneKit(["enable-debug-command yes"])
        var generator = SeededGenerator(seed: Self.seed)
        var outcomes: [String: Int] = [:]
        for round in 0..<(Self.calls / Self.batch) {
            if round % 4 == 0 { try Self.reset(kit) }
            let templates = try Self.templates(kit)
            let calls = (0..<Self.batch).map { _ in Self.broken(templates, &generator) }
            var pipeline = [RedisCommand("DEBUG", "DIGEST")]
            for call in calls { pipeline += [call.command, RedisCommand("DEBUG", "DIGEST")] }
            let replies = try kit.store.connection.pipeline(pipeline)
            for (index, call) in calls.enumerated() {
                let outcome = Self.outcome(replies[2 * index + 1])
                outcomes["\(call.name) \(outcome)", default: 0] += 1
                guard Self.isRefusal(outcome), replies[2 * index] != replies[2 * index + 2] else { continue }
                Issue.record("seed \(Self.seed), round \(round), \(call.name) \(outcome) changed keys: \(call.words)")
                return
            }
        }
        for name in Self.names {
            #expect(outcomes["\(name) NSBAD", default: 0] > 100, "\(name) met too few broken arguments: \(outcomes)")
        }
        #expect(outcomes.keys.contains { $0.hasSuffix("WRONGTYPE") })
        #expect(outcomes["commit committed", default: 0] > 0, "\(outcomes)")
    }

    static let names = ["append", "read", "take", "release", "commit", "claim", "settle", "control", "erase", "trim"]

    struct Call {
        let name: String
        var keys: [[UInt8]]
        var arguments: [[UInt8]]

        var command: RedisCommand {
            var command = RedisCommand("FCALL")
            command.add(LaneLibrary.functions.function(name))
            command.add(keys.count)
            for key in keys { command.add(key) }
            for argument in arguments { command.add(argument) }
            return command
        }

        var words: [String] { (keys + arguments).map { String(decoding: $0, as: UTF8.self) } }
    }

    /// A lane with something in every key, and one key that is none of its types.
    static func reset(_ kit: LaneKit) throws {
        try kit.call("FLUSHALL")
        let entry = try kit.append(3)
        var tenure = try kit.take()
        let entity = EntityID.messages(account: "a", contact: "b")
        _ = try kit.committed(&tenure, cursor: Position(entry: entry, index: 1), decided: 1) { commit in
            commit.states = [.init(entity: entity, bytes: [1])]
            commit.timers = [.init(entity: entity, due: Instant(milliseconds: 5))]
            commit.actions = [.init(id: ActionID(high: 0, low: 1), bytes: [1])]
            commit.results = [1]
            commit.deadLetters = [[1]]
            commit.openItems = [.init(entity: entity, bytes: [1])]
        }
        try kit.call("SET", "ns:{de-berlin.0}:wrong", "x")
    }

    static func templates(_ kit: LaneKit) throws -> [Call] {
        let look = try kit.look()
        let token = try kit.call("HGET", "ns:{de-berlin.0}:lane", "token").string ?? ""
        let keys = kit.keys
        let cursor = look.cursor
        let action = ActionID(high: 0, low: 1).description
        func call(_ name: String, _ keys: [[UInt8]], _ arguments: [String]) -> Call {
            Call(name: name, keys: keys, arguments: arguments.map { Array($0.utf8) })
        }
        let states = [keys.states[3], keys.states[5]]
        let commit =
            [token, "\(look.sequence)", "\(cursor.entry)", "\(cursor.index)", "0", "1", "0", "", "r", "10000"]
            + ["1", "1", "1", "1", "1", "1", "1", "1", "1"]
            + ["8", "1", "m/a/b", "state", "9", "1", "m/a/c", "500", "m/a/b", "m/a/d", action]
            + ["0123456789abcdef", "0", action, "00000000000000000000000000000009", "letter", "m/a/b", "item", "m/a/e"]
        return [
            call(
                "append", [keys.log, keys.hash, keys.wakeChannel],
                ["", LaneKit.producer.description, "\(look.appended)", "1000", "100000", "1", "\n\u{1}x"]),
            call("read", [keys.log, keys.hash, keys.timers], [token, "0-0", "10", "10", "1000"]),
            call("take", [keys.log, keys.hash, keys.timers], ["o", "1", String(repeating: "a", count: 32)]),
            call("release", [keys.hash, keys.wakeChannel], [token]),
            call(
                "commit",
                [keys.hash, keys.timers, keys.outbox, keys.actions, keys.results, keys.dead, keys.open] + states,
                commit),
            call("claim", [keys.hash, keys.outbox, keys.actions], [token, action, "1", "0"]),
            call(
                "settle", [keys.log, keys.hash, keys.outbox, keys.actions, keys.wakeChannel],
                [action, "1", "again", "0", "\n\u{1}x"]),
            call("control", [keys.hash, keys.log, keys.wakeChannel], ["mark", "5-6/7", token]),
            call(
                "erase",
                [keys.hash, keys.log, keys.kept, keys.timers, keys.outbox, keys.actions, keys.open, keys.dead]
                    + [keys.results] + states,
                [token] + Array(repeating: "1", count: 11)
                    + ["0-1", "0-1/0", "event", "m/a/b", action, "m/a/b", "0-1", "0-1/0", "0-1", "m/a/b", "item"]
                    + ["10", "1", "m/a/b", "10", "1", "m/a/b", "state"]),
            call("trim", [keys.hash, keys.log, keys.results, keys.dead], ["0", "0", "100000", "100000", "5"]),
        ]
    }

    /// One of the calls with up to three things wrong, or none.
    static func broken(_ templates: [Call], _ generator: inout SeededGenerator) -> Call {
        var call = templates[Int(generator.number(below: UInt64(templates.count)))]
        for _ in 0..<generator.number(below: 4) {
            let at = Int(generator.number(below: UInt64(max(1, call.arguments.count))))
            switch generator.number(below: 12) {
            case 0 where !call.arguments.isEmpty: call.arguments.remove(at: at)
            case 1: call.arguments.insert(value(&generator), at: at)
            case 2 where call.keys.count > 1: call.keys.removeLast()
            case 3:
                let key = Int(generator.number(below: UInt64(call.keys.count)))
                call.keys[key] = Array("ns:{de-berlin.0}:wrong".utf8)
            case 4: call.keys.swapAt(0, call.keys.count - 1)
            case 5: call.arguments = []
            default: if !call.arguments.isEmpty { call.arguments[at] = value(&generator) }
            }
        }
        return call
    }

    static func value(_ generator: inout SeededGenerator) -> [UInt8] {
        let texts = [
            "", "0", "-1", "1", "2", "00", "+1", "1e3", "0x10", "9007199254740993", "99999999999999999999", "nan",
            "inf",
            "1.5", " 1", "1-", "-1-1", "1-1-1", "18446744073709551616-0", "0-18446744073709551616", "close", "again",
            "pause", "step", "create", "\r\n", "\0", "m/a/b", String(repeating: "7", count: 3_000),
        ]
        guard generator.chance(0.7) else {
            return (0..<generator.number(below: 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        return Array((generator.pick(texts) ?? "").utf8)
    }

    static func outcome(_ reply: RedisReply) -> String {
        reply.error?.code ?? reply.array?.first?.string ?? reply.kind
    }

    /// Everything that must leave no trace; `dead` alone is a refusal that pauses the lane.
    static func isRefusal(_ outcome: String) -> Bool {
        ![
            "held", "reading", "taken", "released", "committed", "claims", "settled", "done", "erased", "trimmed",
            "dead",
        ]
        .contains(outcome)
    }
}
