import Contracts
import Instants
import Redis

@testable import Lanes

/// A right call of each function, to be broken.
extension RefusalTests {
    struct Call {
        let name: String
        var functions = LaneLibrary.functions
        var keys: [[UInt8]]
        var arguments: [[UInt8]]

        var command: RedisCommand {
            var command = RedisCommand("FCALL")
            command.add(functions.function(name))
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
            call("forget", [keys.hash, keys.forgotten], [token, "1", "1", "0", "t:x", "t:y", "1 0-1/0 2"]),
        ] + moving(keys) + shared()
    }

    /// What a move calls.
    private static func moving(_ keys: LaneKeys) -> [Call] {
        let calls: [(String, [[UInt8]], [String])] = [
            ("freeze", [keys.hash, keys.wakeChannel], ["7", "target"]),
            ("import", [keys.hash, keys.timers, keys.states[3]], ["7", "5", "1", "states", "m/a/b", "state"]),
            (
                "import", [keys.hash, keys.timers, keys.actions, keys.outbox],
                ["7", "5", "1", "actions", "00000000000000000000000000000009", "0123456789abcdef", "5"]
            ),
            ("import", [keys.hash, keys.timers, keys.timers], ["7", "5", "1", "timers", "5", "m/a/b"]),
            ("discard", [keys.hash, keys.timers, keys.states[3]], ["7", "states", "m/a/b"]),
            ("thaw", [keys.hash, keys.wakeChannel], ["7", "back", ""]),
        ]
        return calls.map { Call(name: $0, keys: $1, arguments: $2.map { Array($0.utf8) }) }
    }

    /// What accounts and the control slot have.
    private static func shared() -> [Call] {
        func key(_ name: String) -> [UInt8] { Array("ns:{de-berlin.0}:other:\(name)".utf8) }
        func keys(_ names: String...) -> [[UInt8]] { names.map(key) }
        let calls: [(VersionedLibrary, String, [[UInt8]], [String])] = [
            (AccountLibrary.functions, "once", keys("once", "until"), ["1000", "ask", "c1", "a1", "take", "c2", "a2"]),
            (AccountLibrary.functions, "brake", keys("limits"), ["brake", "1000", "3", "reason", "somebody"]),
            (AccountLibrary.functions, "brake", keys("limits"), ["block", "1000", "0", "reason", "somebody"]),
            (AccountLibrary.functions, "brake", keys("limits"), ["unblock"]),
            (AccountLibrary.functions, "brake", keys("limits"), ["release"]),
            (
                AccountLibrary.functions, "lease", keys("limits", "tokens"),
                ["worker", "10", "1000", "2", "1", "0", "0"]
            ),
            (
                StoreLibrary.functions, "topology", keys("slot", "namespace", "partitions", "accounts", "desks"),
                [
                    "0", "0", "ns:{de-berlin.0}:wake", "1", "de-berlin", "de", "Europe/Berlin", "2", "1", "a",
                    "de-berlin",
                ]
                    + ["1", "team"]
            ),
            (
                StoreLibrary.functions, "publish", keys("slot", "policies"),
                ["0", String(repeating: "h", count: 32), "bundle", "ns:{de-berlin.0}:wake"]
            ),
            (
                StoreLibrary.functions, "move", keys("slot", "partitions", "accounts", "moves", "retired"),
                ["begin", "ns:{de-berlin.0}:wake", "resize", "de-berlin", "3"]
            ),
        ]
        return calls.map { Call(name: $1, functions: $0, keys: $2, arguments: $3.map { Array($0.utf8) }) }
    }
}
