import Redis
import Synchronization
import TestSupport
import Testing

@Suite("RedisSubscriber", .timeLimit(.minutes(5)))
struct RedisSubscriberTests {
    typealias Events = AsyncStream<RedisSubscriber.Event>

    private func listen(
        to endpoint: RedisEndpoint, pace: RedisSubscriber.Pace = .init()
    ) throws -> (RedisSubscriber, Events.AsyncIterator) {
        let (events, sink) = Events.makeStream()
        let subscriber = try RedisSubscriber(endpoint, clientName: "listener", pace: pace) { sink.yield($0) }
        return (subscriber, events.makeAsyncIterator())
    }

    private func publish(_ server: PrivateRedis, _ channel: String, _ text: String) throws {
        #expect(try server.connect().call(RedisCommand("SPUBLISH", channel, text)).int == 1)
    }

    @Test("channels come and go at any time, and each message reaches the handler")
    func channels() async throws {
        let server = try PrivateRedis()
        var (subscriber, events) = try listen(to: server.endpoint)
        subscriber.subscribe(["one"])
        #expect(await events.next() == .subscribed(channel: "one"))
        try publish(server, "one", "1")
        #expect(await events.next() == .message(channel: "one", payload: Array("1".utf8)))
        subscriber.subscribe(["one", "two"])
        #expect(await events.next() == .subscribed(channel: "two"))
        subscriber.unsubscribe(["one"])
        try publish(server, "two", "2")
        #expect(await events.next() == .message(channel: "two", payload: Array("2".utf8)))
        let connection = try server.connect()
        while try connection.call(RedisCommand("SPUBLISH", "one", "3")).int != 0 { _ = await events.next() }
        subscriber.close()
    }

    @Test("after the server was killed every channel is subscribed again, and the listener is told of the gap")
    func resubscribes() async throws {
        let server = try PrivateRedis()
        var (subscriber, events) = try listen(to: server.endpoint)
        let channels = (0..<300).map { "channel-\($0)" }
        subscriber.subscribe(channels)
        for channel in channels.sorted() { #expect(await events.next() == .subscribed(channel: channel)) }
        server.kill()
        guard case .lost(let error) = await events.next() else {
            Issue.record("expected a loss")
            return
        }
        #expect(error.code == .connectionLost)
        try server.restart()
        var again: [String] = []
        while again.count < channels.count, let event = await events.next() {
            if case .subscribed(let channel) = event { again.append(channel) }
        }
        #expect(again == channels.sorted())
        try publish(server, "channel-7", "x")
        #expect(await events.next() == .message(channel: "channel-7", payload: Array("x".utf8)))
        subscriber.close()
    }

    @Test("a server that keeps the connection and answers nothing is noticed by a ping")
    func silence() async throws {
        let server = try PrivateRedis()
        var endpoint = server.endpoint
        endpoint.timeouts.reply = .milliseconds(50)
        endpoint.timeouts.connect = .milliseconds(50)
        var pace = RedisSubscriber.Pace()
        pace.pingAfter = .milliseconds(20)
        var (subscriber, events) = try listen(to: endpoint, pace: pace)
        subscriber.subscribe(["one"])
        #expect(await events.next() == .subscribed(channel: "one"))
        server.pause()
        guard case .lost(let error) = await events.next() else {
            Issue.record("expected a loss")
            return
        }
        #expect(error.code == .deadline)
        server.resume()
        while let event = await events.next(), event != .subscribed(channel: "one") {}
        subscriber.close()
    }

    @Test("it can be closed while the server is away")
    func closing() async throws {
        let server = try PrivateRedis()
        server.kill()
        var (subscriber, events) = try listen(to: server.endpoint)
        guard case .lost(let error) = await events.next() else {
            Issue.record("expected a loss")
            return
        }
        #expect(error.code == .connect)
        subscriber.close()
    }

    @Test("closed from its own handler, it hears nothing more and gives its connection back")
    func closesItself() async throws {
        let server = try PrivateRedis()
        let (events, sink) = Events.makeStream()
        let holder = Mutex<RedisSubscriber?>(nil)
        let subscriber = try RedisSubscriber(server.endpoint, clientName: "closing") { event in
            holder.withLock { $0 }?.close()
            sink.yield(event)
        }
        holder.withLock { $0 = subscriber }
        subscriber.subscribe(["one", "two"])
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .subscribed(channel: "one"))
        let connection = try server.connect()
        while try #require(connection.call(RedisCommand("CLIENT", "LIST")).string).contains("name=closing") {}
        sink.finish()
        #expect(await iterator.next() == nil)
    }
}
