import Bench
import Contracts
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@Suite("What is left of a person")
struct PersonTraceTests {
    private static let contact = "4915550001"

    private static func event(_ contact: String, _ text: String) throws -> [UInt8] {
        var event = Event()
        event.id = "e"
        event.account = "shop"
        event.contact = contact
        event.message.text = text
        return try event.serializedBytes()
    }

    private static func write(_ connection: RedisConnection, _ words: [[UInt8]]) throws {
        var command = RedisCommand("XADD", "ns:{de.0}:in", "*", "b")
        if words.count == 1 { command.add(words[0]) }
        _ = try connection.call(command)
    }

    private static func trace(_ connection: RedisConnection, contact: String = contact, texts: Set<String> = []) throws
        -> [PersonTrace.Find]
    {
        var words = PersonWords()
        words.texts = texts
        let needles = PersonTrace.needles(account: "shop", contact: contact, words: words)
        return try PersonTrace(namespace: "ns", connection: connection, needles: needles).finds
    }

    @Test("is found in a key of every type, in names, fields and values, and in no other namespace")
    func everyType() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        let entity = "m/shop/\(Self.contact)"
        let commands = [
            ["SET", "ns:string", "x \(Self.contact) y"], ["HSET", "ns:hash", entity, "1"],
            ["ZADD", "ns:zset", "1", entity], ["SADD", "ns:set", "d/berlin/m%2Fshop%2F\(Self.contact)"],
            ["RPUSH", "ns:list", "a", Self.contact], ["XADD", "ns:stream", "*", "b", entity],
            ["SET", "ns:{acct:x}:\(Self.contact)", "1"], ["SET", "other:x", Self.contact],
            ["SET", "ns:clean", "4915550002"],
        ]
        for words in commands {
            var command = RedisCommand(words[0])
            for word in words.dropFirst() { command.add(word) }
            #expect(try connection.call(command).error == nil)
        }
        let found = try Set(Self.trace(connection).map(\.key))
        let wanted = ["hash", "list", "set", "stream", "string", "zset", "{acct:x}:\(Self.contact)"].map { "ns:\($0)" }
        #expect(found == Set(wanted))
    }

    @Test("a short id is found as events carry it, and not in everything that holds its letters")
    func shortIDs() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        try Self.write(connection, [try Self.event("ana", "hello")])
        _ = try connection.call(RedisCommand("SET", "ns:words", "banana"))
        #expect(try Self.trace(connection, contact: "ana").map(\.key) == ["ns:{de.0}:in"])
        #expect(try Self.trace(connection, contact: "an") == [])
    }
}
