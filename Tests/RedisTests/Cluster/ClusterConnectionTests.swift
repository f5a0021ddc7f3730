import TestSupport
import Testing

@testable import Redis

@Suite("ClusterConnection", .serialized, .timeLimit(.minutes(5)))
struct ClusterConnectionTests {
    /// A cluster takes seconds to come up: Redis waits two before it serves. Tests that harm none share it, each with names
    /// of its own.
    private static let shared = Result { try PrivateCluster() }

    private static let functions = FunctionLibrary(
        name: "clustertests",
        source: """
            #!lua name=clustertests
            redis.register_function('add', function(keys, args)
                redis.call('INCRBY', keys[1], args[1])
                if keys[2] then redis.call('INCRBY', keys[2], args[1]) end
                return redis.call('GET', keys[1])
            end)
            """)

    private func add(_ amount: Int, _ keys: String...) -> RedisCommand {
        var command = RedisCommand("FCALL", "add", "\(keys.count)")
        for key in keys { command.add(key) }
        command.add(amount)
        return command
    }

    @Test("a batch over all primaries is answered in its order, with functions loaded where they are missing")
    func batches() throws {
        let cluster = try Self.shared.get()
        let connection = try cluster.connect()
        let names = (0..<200).map { "key\($0)" }
        for name in names.prefix(50) {
            let told = try cluster.primaries[0].ask("CLUSTER", "KEYSLOT", name).int
            #expect(told == Int64(KeySlot(of: Array(name.utf8)).number))
        }
        let first = try connection.pipeline(
            names.enumerated().map { add($0.offset, $0.element) }, loading: Self.functions)
        #expect(first.map(\.int) == names.indices.map { Int64($0) })
        for primary in cluster.primaries { #expect(try primary.ask("FUNCTION", "LIST").array?.count == 1) }
        // One that lost its functions, as a new primary would never have had them.
        _ = try cluster.primaries[1].ask("FUNCTION", "FLUSH")
        let second = try connection.pipeline(names.map { add(1, $0) }, loading: Self.functions)
        #expect(second.map(\.int) == names.indices.map { Int64($0 + 1) })
        #expect(try connection.servers().count == 3)
        #expect(try connection.call(RedisCommand("TIME")).array?.count == 2)
    }

    @Test("a slot that has moved is found, and known from then on")
    func moves() throws {
        let cluster = try Self.shared.get()
        let connection = try cluster.connect()
        let name = cluster.name(at: 0, "moving")
        let key = Array(name.utf8)
        #expect(try connection.call(RedisCommand("SET", name, "1")) == .status("OK"))
        let (shard, number) = (connection.shard(ofKey: key), connection.linkNumber(ofKey: key))
        #expect(number != 0)
        try cluster.move(slotOf: name, from: 0, to: 2)
        #expect(try connection.call(RedisCommand("GET", name)).string == "1")
        #expect(connection.shard(ofKey: key) != shard)
        #expect(connection.linkNumber(ofKey: key) != number)
    }

    @Test("while a slot moves, single keys are found on either side, functions of several keys wait, others go on")
    func migrates() throws {
        let cluster = try Self.shared.get()
        let connection = try cluster.connect()
        let tag = cluster.name(at: 0, "migrating")
        let other = cluster.name(at: 1, "migrating")
        let (one, two) = ("{\(tag)}a", "{\(tag)}b")
        _ = try connection.call(add(1, one, two), loading: Self.functions)
        try cluster.beginMoving(slotOf: tag, from: 0, to: 2)
        try cluster.moveKeys(slotOf: tag, from: 0, to: 2, most: 1)
        let replies = try connection.pipeline(
            [RedisCommand("GET", one), add(1, one, two), add(1, other), RedisCommand("GET", two)],
            loading: Self.functions)
        #expect(replies[0].int == 1)
        #expect(replies[1].error?.code == "TRYAGAIN")
        #expect(replies[2].int == 1)
        #expect(replies[3].int == 1)
        try cluster.moveKeys(slotOf: tag, from: 0, to: 2, most: 10)
        try cluster.endMoving(slotOf: tag, from: 0, to: 2)
        #expect(try connection.call(add(1, one, two), loading: Self.functions).int == 2)
    }

    @Test("what a silent primary was sent is answered as unknown and not sent again; the others' answers come")
    func silence() throws {
        let cluster = try Self.shared.get()
        let connection = try cluster.connect()
        let (silent, live) = (cluster.name(at: 0, "silent"), cluster.name(at: 1, "silent"))
        _ = try connection.pipeline([add(1, silent), add(1, live)], loading: Self.functions)
        cluster.primaries[0].pause()
        let replies = try connection.pipeline([add(1, silent), add(1, live)], deadline: .seconds(3))
        #expect(replies[0].error?.code == RedisServerError.noReply)
        #expect(replies[1].int == 2)
        cluster.primaries[0].resume()
        try PrivateCluster.wait("the primary serves again") {
            (try? connection.call(RedisCommand("GET", silent)).int) != nil
        }
        // It ran what it had been sent, once.
        try PrivateCluster.wait("what was sent is done") { try connection.call(RedisCommand("GET", silent)).int == 2 }
        #expect(try connection.call(add(1, silent)).int == 3)
    }

    @Test("a dead primary takes only its own commands along, until its replica serves")
    func failsOver() throws {
        let cluster = try PrivateCluster(withReplicas: true)
        let connection = try cluster.connect()
        let (dead, live) = (cluster.name(at: 0), cluster.name(at: 1))
        _ = try connection.pipeline([add(1, dead), add(1, live)], loading: Self.functions)
        let number = connection.linkNumber(ofKey: Array(dead.utf8))
        try PrivateCluster.wait("the replica has it") {
            try cluster.replicas[0].connect().pipeline([RedisCommand("READONLY"), RedisCommand("GET", dead)])[1].int
                == 1
        }
        cluster.primaries[0].kill()
        let replies = try connection.pipeline([RedisCommand("GET", dead), add(1, live)])
        // On a machine that stood still the replica may serve by now.
        #expect(replies[0].error?.isUnreached == true || replies[0].int == 1)
        #expect(replies[1].int == 2)
        try PrivateCluster.wait("the replica serves") { (try? connection.call(RedisCommand("GET", dead)).int) == 1 }
        #expect(try connection.call(add(1, dead)).int == 2)
        #expect(connection.linkNumber(ofKey: Array(dead.utf8)) > number)
    }

    @Test("a function is loaded on the server that lacks it, also on one that is only being given its first slot")
    func newcomer() throws {
        let cluster = try PrivateCluster(withNewcomer: true)
        let newcomer = try #require(cluster.newcomer)
        let connection = try cluster.connect()
        let (tag, other) = (cluster.name(at: 0), cluster.name(at: 1))
        _ = try connection.pipeline([add(1, tag), add(1, other)], loading: Self.functions)
        let slot = "\(KeySlot(of: Array(tag.utf8)))"
        let from = try cluster.primaries[0].ask("CLUSTER", "MYID").string ?? ""
        _ = try newcomer.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", from)
        let to = try newcomer.ask("CLUSTER", "MYID").string ?? ""
        _ = try cluster.primaries[0].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to)
        // A key that the old primary does not have is asked of the new one.
        let replies = try connection.pipeline([add(5, "{\(tag)}new"), add(1, other)], loading: Self.functions)
        #expect(replies.map(\.int) == [5, 2])
        #expect(try newcomer.ask("FUNCTION", "LIST").array?.count == 1)
    }

    @Test("a server that refuses a library answers its own calls with that, and the others' answers stay")
    func refusedLibrary() throws {
        let cluster = try PrivateCluster()
        let connection = try cluster.connect()
        let (full, live) = (cluster.name(at: 0), cluster.name(at: 1))
        _ = try connection.call(add(1, live), loading: Self.functions)
        _ = try cluster.primaries[0].ask("FUNCTION", "FLUSH")
        _ = try cluster.primaries[0].ask("CONFIG", "SET", "maxmemory", "1")
        let replies = try connection.pipeline([add(1, full), add(1, live)], loading: Self.functions)
        #expect(replies[0].error?.code == "OOM")
        #expect(replies[1].int == 2)
    }

    @Test("a server without a cluster is refused by its name")
    func refuses() throws {
        let server = try PrivateRedis(withTCP: true)
        let error = try #require(throws: RedisError.self) {
            try RedisConnection(RedisEndpoint(.cluster([server.node])))
        }
        #expect(error.message.contains("cluster support disabled"))
        let nobody = RedisEndpoint(.cluster([NodeAddress(host: "127.0.0.1", port: try freeLoopbackPort())]))
        #expect(try #require(throws: RedisError.self) { try RedisConnection(nobody) }.code == .connect)
    }

    @Test("a channel is heard at whichever primary has its slot, also after it has moved")
    func hears() async throws {
        let cluster = try Self.shared.get()
        let connection = try cluster.connect()
        let names = (0..<3).map { cluster.name(at: $0, "heard") }
        let (stream, sink) = AsyncStream.makeStream(of: RedisSubscriber.Event.self)
        let subscriber = try RedisSubscriber(cluster.endpoint, clientName: "listener") { sink.yield($0) }
        defer { subscriber.close() }
        subscriber.subscribe(names)
        var events = stream.makeAsyncIterator()
        func next(_ wanted: (RedisSubscriber.Event) -> Bool) async {
            while let event = await events.next(), !wanted(event) {}
        }
        for _ in names { await next { if case .subscribed = $0 { true } else { false } } }
        for name in names {
            #expect(try connection.call(RedisCommand("SPUBLISH", name, "x")).int == 1)
            await next { $0 == .message(channel: name, payload: Array("x".utf8)) }
        }
        try cluster.move(slotOf: names[0], from: 0, to: 2)
        await next { $0 == .subscribed(channel: names[0]) }
        #expect(try connection.call(RedisCommand("SPUBLISH", names[0], "y")).int == 1)
        await next { $0 == .message(channel: names[0], payload: Array("y".utf8)) }
    }
}
