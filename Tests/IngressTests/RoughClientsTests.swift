import Channels
import Contracts
import Foundation
import Hummingbird
import HummingbirdTesting
import Ingress
import Lanes
import Sandbox
import Testing

/// Clients that are slow, greedy or broken: each is bounded, and the others are served meanwhile.
@Suite("Ingress and rough clients")
struct RoughClientsTests {
    private static let head = "POST /webhooks/meta HTTP/1.1\r\nhost: x\r\n"

    /// Runs a body against a real server; afterwards a well-behaved client must still be served.
    private static func serving(
        _ change: (inout IngressLimits) -> Void = { _ in }, _ body: @escaping @Sendable (Int) throws -> Void
    ) async throws {
        var setting = IngressSetting()
        change(&setting.limits)
        try await setting.application().test(.live) { client in
            let port = try #require(client.port)
            // A blocking client must not stand on the pool that serves it.
            try await withCheckedThrowingContinuation { done in
                Thread {
                    done.resume(
                        with: Result {
                            try body(port)
                            // With limits of some hundred milliseconds a busy machine gives up a good client too: it asks again.
                            #expect((0..<20).contains { _ in Self.webhook("after", port) == 200 })
                        })
                }.start()
            }
        }
        let held = Set(setting.holder.events.map(\.id))
        #expect(held.contains("dm:after") && held.isSubset(of: ["dm:after", "dm:meanwhile"]))
    }

    /// What a well-behaved client is answered.
    private static func webhook(_ id: String, _ port: Int) -> Int {
        let client = RawClient(port: port)
        let body = IngressSetting.message(id)
        let signature = WebhookSignature.header(for: body, secret: IngressSetting.secret)
        client.send(head + "\(WebhookSignature.headerName): \(signature)\r\ncontent-length: \(body.count)\r\n\r\n")
        client.send(body)
        return client.status()
    }

    @Test("a flood of headers is refused, by number and by bytes")
    func headerFloods() async throws {
        try await Self.serving { port in
            let many = RawClient(port: port)
            many.send(Self.head + (0..<500).map { "x-\($0): y\r\n" }.joined() + "\r\n")
            #expect(many.isRefused())
            let long = RawClient(port: port)
            long.send(Self.head + "x: " + String(repeating: "y", count: 200_000) + "\r\n\r\n")
            #expect(long.isRefused())
        }
    }

    @Test("a head that drips in byte by byte is given up in time, however often a byte comes")
    func drippingHead() async throws {
        try await Self.serving({ $0.idle = .milliseconds(300) }) { port in
            let client = RawClient(port: port)
            client.send(Self.head)
            let start = ContinuousClock.now
            // A byte every 20 ms, unless the server gives up before.
            while ContinuousClock.now - start < .seconds(40), !client.hears(within: 20), client.send("x-a: b\r\n") {}
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test("a connection's first head has a shorter time than those behind it")
    func firstHead() async throws {
        try await Self.serving({ $0.firstHead = .milliseconds(200) }) { port in
            let half = RawClient(port: port)
            half.send("POST /webhooks/meta HTT")
            // Closed long before the minute that an idle connection has.
            #expect(half.hears(within: 30_000))
        }
    }

    @Test("a body that does not come is given up in time, one that breaks off leaves nothing")
    func halfBodies() async throws {
        try await Self.serving({ $0.bodyPatience = .milliseconds(200) }) { port in
            let slow = RawClient(port: port)
            slow.send(Self.head + "content-length: 1000\r\n\r\n{\"object\"")
            #expect(slow.status() == 408)
            for _ in 0..<20 {
                let broken = RawClient(port: port)
                broken.send(Self.head + "content-length: 1000\r\n\r\n{\"object\"")
            }
            let chunked = RawClient(port: port)
            chunked.send(Self.head + "transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n")
            #expect((400...499).contains(chunked.status()))
        }
    }

    @Test("bodies that are announced and do not come take no room from those that do")
    func announcements() async throws {
        try await Self.serving { port in
            let clients = (0..<60).map { _ in RawClient(port: port) }
            for client in clients { client.send(Self.head + "content-length: 10000000\r\n\r\n{") }
            for client in clients { client.send("{") }
            #expect(Self.webhook("meanwhile", port) == 200)
        }
    }

    @Test("100 MB are refused at their announcement, endless chunks at the limit, bodies together at theirs")
    func greedy() async throws {
        try await Self.serving({ $0.mostBodyBytesTogether = 12 << 20 }) { port in
            let announced = RawClient(port: port)
            announced.send(Self.head + "content-length: 104857600\r\n\r\n")
            #expect(announced.status() == 413)
            let endless = RawClient(port: port)
            endless.send(Self.head + "transfer-encoding: chunked\r\n\r\n")
            let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 0x20, count: 1 << 20) + Array("\r\n".utf8)
            var sent = 0
            while sent < 30, endless.send(chunk) { sent += 1 }
            #expect(sent < 30, "expected to be stopped, sent \(sent) MB")
            let negative = RawClient(port: port)
            negative.send(Self.head + "content-length: -5\r\n\r\n")
            #expect((400...499).contains(negative.status()))
        }
    }

    @Test("a body of a thousand updates and one of ten megabytes are taken whole")
    func large() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let updates = (0..<1_000).map { number in
                WebhookBodies.message(
                    account: IngressSetting.page, contact: "\(number)", id: "m\(number)", text: "hi",
                    at: IngressSetting.now)
            }
            let body = WebhookBodies.body(
                account: IngressSetting.page, isInstagram: false, at: IngressSetting.now, updates)
            #expect(try await client.webhook(body).status == .ok)
            #expect(setting.holder.events.map(\.id) == (0..<1_000).map { "dm:m\($0)" })
            let text = String(repeating: "Zug um Zug ", count: 900_000)
            let long = WebhookBodies.body(
                account: IngressSetting.page, isInstagram: false, at: IngressSetting.now,
                [
                    WebhookBodies.message(
                        account: IngressSetting.page, contact: "1", id: "long", text: text, at: IngressSetting.now)
                ])
            #expect(long.count > 9 << 20 && long.count < 10 << 20)
            #expect(try await client.webhook(long).status == .ok)
            let held = try #require(setting.holder.events.last)
            #expect(held.id == "dm:long" && held.bytes.count <= EventFraming.mostEventBytes)
        }
    }
}
