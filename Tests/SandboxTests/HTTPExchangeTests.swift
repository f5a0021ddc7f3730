import AsyncHTTPClient
import Channels
import Contracts
import Glibc
import Instants
import NIOCore
import Testing

@testable import Delivery

/// What servers that do not end their answers cost: their own attempts, until these attempts' deadline.
@Suite("Calls to servers that do not end their answers", .timeLimit(.minutes(5)))
struct HTTPExchangeTests {
    /// A pool of its own, as a worker's process has one.
    private static func withClient(_ test: (HTTPClient) async throws -> Void) async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MetaClient.clientConfiguration())
        do {
            try await test(client)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private static func send(_ client: HTTPClient, _ port: Int, _ deadline: Duration) async throws -> SendAnswer {
        let action = SandboxTests.action(.send)
        let call = try MetaOutbound(channel: .facebook).request(
            for: action, lane: LaneName("fi-helsinki.0"), at: SandboxTests.now)
        return await MetaClient(client: client, base: "http://127.0.0.1:\(port)/v26.0", token: { _ in "token" })
            .carryOut(call, account: action.account, kind: .send, attempt: 1, deadline: deadline).answer
    }

    @Test(
        "300 calls end by their deadline, with their connections; none is called delivered, and the next goes through",
        arguments: [SickServer.Sickness.headOnly, .drip, .endless])
    func sick(_ sickness: SickServer.Sickness) async throws {
        let server = SickServer(sickness)
        let (others, count) = (SickServer(nil), 300)
        try await server.run { port in
            try await others.run { other in
                try await Self.withClient { client in
                    let begin = ContinuousClock.now
                    try await withThrowingTaskGroup(of: SendAnswer.self) { group throws in
                        for _ in 0..<count {
                            group.addTask { try await Self.send(client, port, .milliseconds(1_500)) }
                        }
                        // While they hang, another server's calls go.
                        let others = try await Self.send(client, other, .seconds(30))
                        #expect(others == .delivered(providerID: "m_1"))
                        for try await answer in group {
                            switch answer {
                            case .ambiguous, .again: break
                            default: Issue.record("expected again or ambiguous, got \(answer)")
                            }
                        }
                    }
                    #expect(.now - begin < .seconds(60), "the deadline is 1.5 s")
                    await server.closed()
                    server.become(nil)
                    let next = try await Self.send(client, port, .seconds(30))
                    #expect(next == .delivered(providerID: "m_1"))
                }
            }
        }
    }

    @Test("what waits for a connection that a sick server does not give back has certainly not gone")
    func queued() async throws {
        let server = SickServer(.headOnly)
        try await server.run { port in
            var configuration = MetaClient.clientConfiguration(connections: 1)
            configuration.timeout.connect = .seconds(30)
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            async let first = Self.send(client, port, .seconds(4))
            await server.called()
            let second = try await Self.send(client, port, .milliseconds(200))
            guard case .again = second else {
                Issue.record("expected again, got \(second)")
                return
            }
            guard case .ambiguous = try await first else {
                Issue.record("expected ambiguous")
                return
            }
            #expect(server.calls == 1)
            try await client.shutdown()
        }
    }

    @Test("a TLS handshake that nobody answers ends by the deadline, and nothing has gone")
    func handshake() async throws {
        let server = SickServer(.mute)
        try await server.run { port in
            try await Self.withClient { client in
                let reply = await SignedPost(client: client, now: { SandboxTests.now }).post(
                    [0x7B, 0x7D], to: "https://127.0.0.1:\(port)/bridge", secrets: [], deadline: .milliseconds(500))
                guard case .none(requestMayHaveGone: false, _, isOurs: false) = reply else {
                    Issue.record("expected nothing gone, got \(reply)")
                    return
                }
                await server.closed()
            }
        }
    }

    @Test("an endless page of an edge that fails counts by its status, any other endless answer as none")
    func longPages() async throws {
        for status in [502, 200] {
            let platform = ScriptedGraph { _ in
                ScriptedGraph.Reply(status: status, body: String(repeating: "<p>", count: 10_000))
            }
            try await platform.run { url in
                try await Self.withClient { client in
                    let exchange = await HTTPExchange.make(
                        HTTPClientRequest(url: url), client: client, most: 1_000, deadline: .seconds(60))
                    switch (exchange, status) {
                    case (.answer(502, _, []), 502), (.none(mayHaveGone: true, _, isOurs: false), 200): break
                    default: Issue.record("of \(status) came \(exchange)")
                    }
                }
            }
        }
    }

    @Test("what this process could not do is told from what the other side or the way to it did")
    func whoFailed() {
        let ours: [any Error] = [
            CancellationError(), HTTPClientError.cancelled, HTTPClientError.getConnectionFromPoolTimeout,
            HTTPClientError.invalidURL, HTTPClientError.unsupportedScheme("gopher"),
            HTTPClientError.invalidHeaderFieldValues(["x"]), IOError(errnoCode: EMFILE, reason: "socket"),
            IOError(errnoCode: EADDRNOTAVAIL, reason: "connect"),
        ]
        for error in ours { #expect(HTTPExchange.isOurs(error), "\(error)") }
        let others: [any Error] = [
            HTTPClientError.deadlineExceeded, HTTPClientError.connectTimeout, HTTPClientError.remoteConnectionClosed,
            HTTPClientError.tlsHandshakeTimeout, HTTPClientError.readTimeout, ChannelError.eof,
            IOError(errnoCode: ECONNREFUSED, reason: "connect"), IOError(errnoCode: ECONNRESET, reason: "read"),
            NIOTooManyBytesError(maxBytes: 1),
        ]
        for error in others { #expect(!HTTPExchange.isOurs(error), "\(error)") }
    }

    @Test("a check of conformance against a server that sends heads only ends, check by check")
    func conformance() async throws {
        let server = SickServer(.headOnly)
        try await server.run { port in
            try await Self.withClient { client in
                let conformance = GenericConformance(
                    post: SignedPost(client: client, now: { SandboxTests.now }),
                    address: GenericAddress(url: "http://127.0.0.1:\(port)/", secrets: [[1]]), account: "a",
                    contact: "c", comment: "k", lane: try LaneName("de-berlin.0"), patience: .milliseconds(100),
                    now: { SandboxTests.now })
                let checks = await conformance.checks(run: 1)
                #expect(checks.count > 5 && checks.prefix(3).allSatisfy { $0.fault != nil })
            }
        }
    }

    @Test("a carrier that is cancelled ends its calls at once, long before their deadline")
    func cancelled() async throws {
        let server = SickServer(.headOnly)
        try await server.run { port in
            try await Self.withClient { client in
                let carrier = GraphCarrier(
                    client: MetaClient(client: client, base: "http://127.0.0.1:\(port)/v26.0", token: { _ in nil }),
                    channel: { _ in MetaOutbound(channel: .facebook) })
                let lane = try LaneName("de-berlin.0")
                let begin = ContinuousClock.now
                await withDiscardingTaskGroup { group in
                    group.addTask { await carrier.run() }
                    carrier.start(
                        [
                            Attempt(
                                action: SandboxTests.action(.send), lane: lane, number: 1,
                                deadline: .now + .seconds(110))
                        ], answers: AnswerBox { _ in })
                    await server.called()
                    group.cancelAll()
                }
                #expect(.now - begin < .seconds(60), "the attempt had 110 s")
                await server.closed()
            }
        }
    }
}
