import Bench
import Contracts
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@Suite("The proof that nothing of a person is left")
struct PersonProofTests {
    private static let contact = "4915550001"
    private static let subject = PersonWords.Subject(
        account: "shop", contact: contact, lanes: ["de.0", "de.1"], namespace: "ns")

    private static func message(_ contact: String, _ id: String, _ text: String) -> Event {
        var event = Event()
        (event.id, event.account, event.contact) = (id, "shop", contact)
        event.message.text = text
        return event
    }

    private static func comment(_ contact: String, _ id: String, parent: String = "", _ text: String) -> Event {
        var event = Event()
        (event.id, event.account, event.contact) = ("c:\(id):add:1", "shop", contact)
        event.comment = Contracts.Comment.with { ($0.id, $0.post, $0.parent, $0.text) = (id, "post_1", parent, text) }
        return event
    }

    private static func log(_ events: [Event], _ connection: RedisConnection) throws {
        var body: [UInt8] = []
        for event in events { EventFraming.append(try event.serializedBytes(), to: &body) }
        var command = RedisCommand("XADD", "ns:{de.0}:in", "*", "b")
        command.add(body)
        _ = try connection.call(command)
    }

    private static func thread(
        _ root: String, _ marks: [(String, String)], began: String = "", _ connection: RedisConnection
    ) throws -> String {
        let id = EntityID.comments(account: "shop", originalPost: "post_1", root: root).text
        var state = EntityState()
        state.conversation.contact = began
        state.conversation.comments = marks.map { mark, author in
            CommentMark.with { ($0.id, $0.author) = (mark, author) }
        }
        var command = RedisCommand("HSET", "ns:{de.1}:state:\(StableHash.hash(id) >> 58)", id)
        command.add(try state.serializedBytes() as [UInt8])
        _ = try connection.call(command)
        return id
    }

    private static func prove(_ words: PersonWords, _ connection: RedisConnection) throws -> PersonProof {
        try PersonProof(
            subject, words, except: ["ns:{ctl}:forgetting:x"], files: ["spool": Array("a door that is blue".utf8)],
            connection: connection)
    }

    @Test("ids and texts are learned from logs and states, those of others are not, and all are searched for")
    func learned() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        try Self.log(
            [
                Self.message(Self.contact, "dm:mid.77770001", "my door is the blue one"),
                Self.message("other", "dm:mid.77770002", "how much is the red one?"),
                Self.message(Self.contact, "pb:mid.77770003", "how much is the red one?"),
            ], connection)
        try Self.log(
            [
                Self.comment(Self.contact, "post_1_1001", "a question in public"),
                Self.comment(Self.contact, "post_1_1002", parent: "post_1_9", "a word to somebody"),
                Self.comment("other", "post_1_1003", parent: "post_1_1001", "an answer"),
            ], connection)
        let own = try Self.thread("post_1_2001", [("post_1_2002", "other")], began: Self.contact, connection)
        let busy = (0..<32).map { ("post_1_3\($0)", "other") }
        let lost = try Self.thread("post_1_4001", busy, connection)
        _ = try Self.thread("post_1_1001", busy, connection)
        let words = try PersonWords.gather(Self.subject, connection: connection)
        #expect(words.texts == ["my door is the blue one", "a question in public", "a word to somebody"])
        #expect(words.comments == ["post_1_1001", "post_1_1002", "post_1_2001"])
        #expect(words.messages == ["mid.77770001", "mid.77770003"])
        #expect(words.threads == [own, "c/shop/post_1/post_1_1001"])
        #expect(words.lostRoots == [lost])
        try words.keep(under: "ns:{ctl}:forgetting:x", connection: connection)
        #expect(try PersonWords.kept(under: "ns:{ctl}:forgetting:x", connection: connection) == words)
        #expect(try connection.call(RedisCommand("TTL", "ns:{ctl}:forgetting:x")).int ?? 0 > 600_000)
        for (name, value) in [
            ("a", "x mid.77770003 y"), ("b", "about post_1_1002"), ("c", "my door is the blue one"),
            ("d", "mid.7777000"),
            ("e", "POST"),
        ] {
            _ = try connection.call(RedisCommand("SET", "ns:\(name)", value))
        }
        let proof = try Self.prove(words, connection)
        let named = proof.finds.filter { $0.key.count == 4 }.map { "\($0.key) \($0.name)" }
        #expect(named == ["ns:a a message's id", "ns:b a comment's id", "ns:c a text"])
        #expect(proof.lostRoots == [lost] && !proof.isWhole)
    }

    @Test("after a run that was not waited for, what it had learned is still searched for")
    func secondRun() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        let key = "ns:{ctl}:forgetting:x"
        try Self.log([Self.message(Self.contact, "dm:mid.77770001", "my door is the blue one")], connection)
        try PersonWords.gather(Self.subject, connection: connection).keep(under: key, connection: connection)
        _ = try connection.call(RedisCommand("DEL", "ns:{de.0}:in"))
        var words = try PersonWords.gather(Self.subject, connection: connection)
        #expect(words == PersonWords())
        words.add(try PersonWords.kept(under: key, connection: connection))
        #expect(try Self.prove(words, connection).isWhole)
        _ = try connection.call(RedisCommand("SET", "ns:left", "... my door is the blue one"))
        #expect(try Self.prove(words, connection).finds.map(\.key) == ["ns:left"])
    }

    @Test(
        "a thread that others wrote in keeps its name; a text that the policy holds too is not left; short ones are named"
    )
    func excused() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        let stays = try Self.thread("post_1_1001", [("post_1_1001", ""), ("post_1_1003", "other")], connection)
        let alone = try Self.thread("post_1_2001", [("post_1_2001", "")], connection)
        var words = PersonWords()
        words.threads = [stays, alone]
        words.comments = ["post_1_1001", "post_1_2001", "77"]
        words.texts = ["Where is my parcel?", "short"]
        _ = try connection.call(RedisCommand("HSET", "ns:{ctl}:policies", "3", "title: Where is my parcel?"))
        let proof = try Self.prove(words, connection)
        #expect(proof.stays == [stays])
        #expect(proof.finds.map(\.name) == ["a comment's id"])
        #expect(proof.unsearched.count == 2)
        _ = try connection.call(RedisCommand("HSET", "ns:elsewhere", "3", "title: Where is my parcel?"))
        #expect(try Self.prove(words, connection).finds.map(\.key).contains("ns:elsewhere"))
    }

    @Test("many needles are found in one pass, at both ends and within each other")
    func needles() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let connection = try redis.connect()
        var words = PersonWords()
        words.comments = Set((0..<2_000).map { "comment-\(10_000 + $0)" }).union(["comment-1", "comment-10500-b"])
        for (name, value) in [
            ("a", "comment-10000"), ("b", "xcomment-11999"), ("c", "comment-10500-bb"), ("d", "none"),
        ] {
            _ = try connection.call(RedisCommand("SET", "ns:\(name)", value))
        }
        let needles = PersonTrace.needles(account: "shop", contact: Self.contact, words: words)
        let finds = try PersonTrace(namespace: "ns", connection: connection, needles: needles).finds
        #expect(finds.map(\.key) == ["ns:a", "ns:b", "ns:c"])
    }
}
