import Testing

@testable import Redis

@Suite("SlotMap and Redirect")
struct SlotMapTests {
    private static func range(_ first: Int64, _ last: Int64, _ host: String, _ port: Int64) -> RedisReply {
        .array([
            .integer(first), .integer(last),
            .array([.bytes(Array(host.utf8)), .integer(port), .bytes(Array("id".utf8))]),
            .array([.bytes(Array("replica".utf8)), .integer(9), .bytes(Array("id2".utf8))]),
        ])
    }

    private func slot(_ number: Int) throws -> KeySlot { try #require(KeySlot(number)) }

    @Test("each slot has the primary of its range")
    func owners() throws {
        let map = try #require(
            SlotMap(
                .array([
                    Self.range(10_000, 16_383, "b", 2), Self.range(0, 4_999, "a", 1), Self.range(5_000, 9_999, "", 3),
                ]), asked: "me"))
        #expect(map.owner(of: try slot(0)) == NodeAddress(host: "a", port: 1))
        #expect(map.owner(of: try slot(4_999)) == NodeAddress(host: "a", port: 1))
        #expect(map.owner(of: try slot(5_000)) == NodeAddress(host: "me", port: 3))
        #expect(map.owner(of: try slot(16_383)) == NodeAddress(host: "b", port: 2))
        #expect(map.isComplete)
        #expect(map.primaries.map(\.host) == ["a", "b", "me"])
    }

    @Test("slots that lie together have one number, and keep it when another primary takes them over")
    func starts() throws {
        func map(_ first: String, _ second: String) throws -> SlotMap {
            try #require(
                SlotMap(
                    .array([
                        Self.range(8_000, 8_999, first, 1), Self.range(100, 4_999, first, 1),
                        Self.range(5_000, 7_999, second, 2),
                    ]), asked: "me"))
        }
        var before = try map("a", "b")
        let after = try map("z", "b")
        for map in [before, after] {
            #expect(map.start(of: try slot(8_500)) == 100)
            #expect(map.start(of: try slot(100)) == 100)
            #expect(map.start(of: try slot(6_000)) == 5_000)
            #expect(map.start(of: try slot(99)) == nil)
        }
        before.move(try slot(6_000), to: NodeAddress(host: "a", port: 1))
        #expect(before.start(of: try slot(6_000)) == 5_000)
    }

    @Test("a slot of no range has no primary until one is named")
    func holes() throws {
        var map = try #require(SlotMap(.array([Self.range(1, 2, "a", 1)]), asked: "me"))
        #expect(map.owner(of: try slot(0)) == nil)
        #expect(!map.isComplete)
        map.move(try slot(0), to: NodeAddress(host: "new", port: 7))
        #expect(map.owner(of: try slot(0)) == NodeAddress(host: "new", port: 7))
        #expect(map.owner(of: try slot(1)) == NodeAddress(host: "a", port: 1))
    }

    @Test(
        "what is no answer to CLUSTER SLOTS is none",
        arguments: [
            RedisReply.nil, .integer(3), .array([.integer(1)]), .array([range(5, 4, "a", 1)]),
            .array([range(0, 16_384, "a", 1)]), .array([range(-1, 3, "a", 1)]), .array([range(0, 1, "a", 0)]),
            .array([range(0, 1, "a", 70_000)]), .array([.array([.integer(0), .integer(1), .array([])])]),
        ])
    func refuses(reply: RedisReply) {
        #expect(SlotMap(reply, asked: "me") == nil)
    }

    @Test(
        "an error tells where to go, or to wait",
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", Redirect.moved(KeySlot(3_999), NodeAddress(host: "127.0.0.1", port: 6_381))),
            ("MOVED 1 :7000", .moved(KeySlot(1), NodeAddress(host: "me", port: 7_000))),
            ("MOVED 1 ::1:7000", .moved(KeySlot(1), NodeAddress(host: "::1", port: 7_000))),
            ("ASK 16383 db.example:1", .ask(KeySlot(16_383), NodeAddress(host: "db.example", port: 1))),
            ("TRYAGAIN Multiple keys request during rehashing of slot", .tryAgain),
            ("CLUSTERDOWN The cluster is down", .unable), ("LOADING Redis is loading", .unable),
            ("MASTERDOWN Link with MASTER is down", .unable), ("READONLY You can't write", .readOnly),
            ("MOVED 16384 a:1", nil), ("MOVED 1", nil), ("MOVED x a:1", nil), ("ASK 1 a:x", nil), ("MOVED 1 a", nil),
            ("ERR unknown command", nil), ("OOM command not allowed", nil),
        ] as [(String, Redirect?)])
    func redirects(line: String, expected: Redirect?) {
        #expect(Redirect(RedisServerError(line: line), asked: "me") == expected)
    }

    @Test(
        "a command goes where its first key is",
        arguments: [
            (RedisCommand("TIME"), nil), (RedisCommand("HGET", "foo", "x"), "foo"), (RedisCommand("SCAN", "0"), nil),
            (RedisCommand("FCALL", "f", "2", "foo", "bar"), "foo"), (RedisCommand("FCALL", "f", "0", "foo"), nil),
            (RedisCommand("TIME").beside(Array("foo".utf8)), "foo"), (RedisCommand("HLEN", "{foo}:é"), "foo"),
        ] as [(RedisCommand, String?)])
    func routes(command: RedisCommand, key: String?) {
        #expect(command.route == (key.map { .slot(KeySlot(of: Array($0.utf8))) } ?? .anywhere))
    }
}

extension Redirect {
    fileprivate static func moved(_ slot: KeySlot?, _ node: NodeAddress) -> Redirect? { slot.map { .moved($0, node) } }
    fileprivate static func ask(_ slot: KeySlot?, _ node: NodeAddress) -> Redirect? { slot.map { .ask($0, node) } }
}
