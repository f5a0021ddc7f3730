import TestSupport
import Testing

@testable import Redis

@Suite("Sentinel", .serialized, .timeLimit(.minutes(3)))
struct SentinelTests {
    @Test("whoever is the primary is found, before and after a failover; its channels are heard again")
    func failsOver() async throws {
        let site = try PrivateSentinels()
        let endpoint = try site.endpoint()
        let connection = try RedisConnection(endpoint, clientName: "tests")
        #expect(try connection.call(RedisCommand("SET", "key", "1")) == .status("OK"))
        try PrivateCluster.wait("the replica has it") { try site.replica.ask("GET", "key").string == "1" }
        let (stream, sink) = AsyncStream.makeStream(of: RedisSubscriber.Event.self)
        let subscriber = try RedisSubscriber(endpoint, clientName: "listener") { sink.yield($0) }
        defer { subscriber.close() }
        subscriber.subscribe(["channel"])
        var events = stream.makeAsyncIterator()
        func next(_ wanted: RedisSubscriber.Event) async {
            while let event = await events.next(), event != wanted {}
        }
        await next(.subscribed(channel: "channel"))

        site.primary.kill()
        #expect(throws: RedisError.self) { try connection.call(RedisCommand("GET", "key")) }
        #expect(connection.isBroken)
        var found: RedisConnection?
        try PrivateCluster.wait("the replica is found as the primary") {
            found = try? RedisConnection(endpoint)
            return found != nil
        }
        let promoted = try #require(found)
        #expect(try promoted.call(RedisCommand("GET", "key")).string == "1")
        #expect(try promoted.call(RedisCommand("SET", "key", "2")) == .status("OK"))
        #expect(try site.replica.ask("GET", "key").string == "2")
        while let event = await events.next(), event != .subscribed(channel: "channel") {}
    }

    @Test("a service that no Sentinel knows, and Sentinels that are away, are told apart")
    func refuses() throws {
        let site = try PrivateSentinels()
        let unknown = try #require(throws: RedisError.self) {
            try RedisConnection(try site.endpoint(service: "other"))
        }
        #expect(unknown.code == .connect)
        #expect(unknown.message.contains("the primary of other"))
        let nobody = RedisEndpoint(
            .sentinel([NodeAddress(host: "127.0.0.1", port: try freeLoopbackPort())], service: "main"))
        let away = try #require(throws: RedisError.self) { try RedisConnection(nobody) }
        #expect(away.code == .connect)
        #expect(!away.message.contains("the primary of"))
    }

    @Test("a Sentinel that takes connections and says nothing is passed over, and not asked first again")
    func silentSentinel() throws {
        let site = try PrivateSentinels()
        let silent = try PrivateRedis(withTCP: true)
        func connections() throws -> Int64? {
            let fields = try silent.ask("INFO", "stats").string.map(InfoFields.init(text:))
            return fields?["total_connections_received"].flatMap { Int64($0) }
        }
        let before = try #require(try connections())
        silent.pause()
        let endpoint = try site.endpoint(first: silent.node)
        for _ in 0..<3 { #expect(try RedisConnection(endpoint).call(RedisCommand("PING")) == .status("PONG")) }
        silent.resume()
        // One of ours, and the one that asks.
        #expect(try connections() == before + 2)
    }

    @Test("Sentinels with a password are entered with theirs, by a user of theirs too; without it they name nobody")
    func password() throws {
        let site = try PrivateSentinels(password: "watchword")
        for user in [nil, "eye"] {
            let connection = try RedisConnection(try site.endpoint(user: user))
            #expect(try connection.call(RedisCommand("SET", "key", "1")) == .status("OK"))
        }
        var endpoint = try site.endpoint()
        for entrance in [nil, RedisEndpoint.SentinelEntrance(password: RedisPassword("wrongword"))] {
            endpoint.sentinelEntrance = entrance
            let error = try #require(throws: RedisError.self) { try RedisConnection(endpoint) }
            #expect(error.serverError.map { ["NOAUTH", "WRONGPASS"].contains($0.code) } == true)
            #expect(!"\(error)".contains("watchword") && !"\(error)".contains("wrongword"))
        }
    }

    @Test("a primary that became a replica is left for the one that the Sentinels name")
    func demoted() throws {
        let site = try PrivateSentinels()
        let connection = try RedisConnection(try site.endpoint(), clientName: "tests")
        // As a Sentinel would, but without closing our connection.
        _ = try site.primary.ask("REPLICAOF", "127.0.0.1", "\(site.replica.port ?? 0)")
        let replies = try connection.pipeline([RedisCommand("SET", "key", "1")])
        #expect(replies.first?.error?.code == "READONLY")
        #expect(connection.isBroken)
        #expect(throws: RedisError.self) { try connection.call(RedisCommand("PING")) }
    }
}
