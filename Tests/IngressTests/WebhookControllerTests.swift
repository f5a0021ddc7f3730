import AsyncHTTPClient
import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Instants
import Lanes
import NIOCore
import NIOHTTP1
import Sandbox
import SwiftProtobuf
import Telemetry
import Testing

@Suite("Webhooks over HTTP")
struct WebhookControllerTests {
    @Test("the handshake gives the raw challenge to whoever knows the token, and 403 to others")
    func handshake() async throws {
        try await IngressSetting().application().test(.router) { client async throws in
            let query = "/webhooks/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
            let right = try await client.execute(uri: query + "verify", method: .get)
            #expect(right.status == .ok && right.text == "1158201444")
            let wrong = try await client.execute(uri: query + "guess", method: .get)
            #expect(wrong.status == .forbidden)
        }
    }

    @Test("a signed body is answered 200 once its events are held, each in its lane")
    func accepted() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await client.webhook(IngressSetting.message("m1"))
            #expect(response.status == .ok)
        }
        let held = try #require(setting.holder.events.first)
        #expect(held.id == "dm:m1")
        let event = try Event(serializedBytes: held.bytes)
        #expect(event.message.text == "Hyvää iltaa 🌙")
        #expect(event.receivedAt == IngressSetting.now.milliseconds)
        #expect(setting.metrics.text().contains(#"nightshift_events_accepted_total{source="meta"} 1"#))
    }

    @Test("whose words an echo is goes by the apps that the account's channel names")
    func inboxApps() async throws {
        let setting = IngressSetting()
        var doors = setting.doors()
        doors.inboxApps = { $0 == IngressSetting.page ? ["77"] : [] }
        let update = #"{"recipient":{"id":"7"},"message":{"mid":"e","is_echo":true,"app_id":77}}"#
        let body = #"{"object":"page","entry":[{"id":"\#(IngressSetting.page)","messaging":[\#(update)]}]}"#
        try await setting.application(doors: doors).test(.router) { client async throws in
            #expect(try await client.webhook(Array(body.utf8)).status == .ok)
        }
        let held = try #require(setting.holder.events.first)
        #expect(try Event(serializedBytes: held.bytes).echo.inbox)
    }

    @Test("without one of our signatures the answer is 401 and nothing is held")
    func signatures() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let body = IngressSetting.message("m1")
            #expect(try await client.post("/webhooks/meta", body).status == .unauthorized)
            #expect(try await client.webhook(body, secret: Array("guess".utf8)).status == .unauthorized)
            #expect(try await client.webhook(body, secret: []).status == .unauthorized)
            let signed = WebhookSignature.header(for: body, secret: IngressSetting.secret)
            let changed = try await client.post(
                "/webhooks/meta", body + [0x20], [(WebhookSignature.headerName, signed)])
            #expect(changed.status == .unauthorized)
        }
        #expect(setting.holder.events.isEmpty)
    }

    @Test("before its secrets are known it answers 503, since nobody can tell whether a signature is right")
    func notReady() async throws {
        var setting = IngressSetting()
        setting.unready = "not started"
        setting.hasSecrets = false
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(IngressSetting.message("m1")).status == .serviceUnavailable)
        }
        setting.unready = nil
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(IngressSetting.message("m1")).status == .unauthorized)
        }
        #expect(setting.holder.events.isEmpty)
    }

    @Test("a signed body that is no webhook is kept as it came and answered 200, 503 where nothing keeps it")
    func unreadable() async throws {
        var setting = IngressSetting()
        let texts = ["hello", "[]", "{}", "", #"{"object":"page","entry":7}"#]
        let bodies = texts.map { Array($0.utf8) } + [[0xFF, 0x1F]]
        try await setting.application().test(.router) { client async throws in
            for body in bodies { #expect(try await client.webhook(body).status == .ok) }
            #expect(try await client.post("/webhooks/meta", Array("hello".utf8)).status == .unauthorized)
        }
        let kept = setting.quarantined.all
        #expect(kept.map(\.raw) == bodies)
        #expect(kept.allSatisfy { $0.reason == .unreadable && $0.path == "body" && $0.signers == ["first"] })
        #expect(kept.allSatisfy { $0.account.isEmpty && $0.detail.hasPrefix("expected ") })
        #expect(setting.metrics.text().contains(#"nightshift_events_quarantined_total{reason="unreadable"} 6"#))
        setting.quarantineWorks = false
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(Array("hello".utf8)).status == .serviceUnavailable)
        }
    }

    @Test("a body of thousands of updates is held whole, in order, or not answered 200")
    func manyUpdates() async throws {
        let setting = IngressSetting()
        let updates = (0..<2_500).map {
            WebhookBodies.message(
                account: IngressSetting.page, contact: "1", id: "m\($0)", text: "x", at: IngressSetting.now)
        }
        let body = WebhookBodies.body(
            account: IngressSetting.page, isInstagram: false, at: IngressSetting.now, updates)
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(body).status == .ok)
        }
        #expect(setting.holder.events.map(\.id) == (0..<2_500).map { "dm:m\($0)" })
        let refusing = IngressSetting(refusal: .full("test"))
        try await refusing.application().test(.router) { client async throws in
            #expect(try await client.webhook(body).status == .serviceUnavailable)
        }
    }

    @Test("a body that is too long is answered 413")
    func badBodies() async throws {
        var setting = IngressSetting()
        setting.limits.mostBodyBytes = 2_000
        try await setting.application().test(.router) { client async throws in
            let long = try await client.webhook([UInt8](repeating: 0x20, count: 2_001))
            #expect(long.status == .contentTooLarge)
        }
    }

    @Test("over a real connection a body of 11 MB is refused, and the next request is served")
    func tooLong() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.ahc()) { client async throws in
            // The connection may be cut while the client still writes; then there is no answer to look at.
            let long = try? await client.webhook([UInt8](repeating: 0x20, count: 11 << 20))
            if let long { #expect(long.status == .contentTooLarge) }
            #expect(try await client.webhook(IngressSetting.message("m2")).status == .ok)
        }
        #expect(setting.holder.events.map(\.id) == ["dm:m2"])
    }

    @Test("a flood of headers is refused, and the next request is served")
    func headers() async throws {
        try await IngressSetting().application().test(.ahc()) { client async throws in
            let flood = (0..<500).map { ("x-flood-\($0)", "x") }
            let refused = try? await client.post("/webhooks/meta", [], flood)
            #expect(refused == nil || refused.map { (400...499).contains($0.status.code) } == true)
            #expect(try await client.webhook(IngressSetting.message("m3")).status == .ok)
        }
    }

    @Test("a body that does not arrive in time is answered 408")
    func slow() async throws {
        var setting = IngressSetting()
        setting.limits.bodyPatience = .milliseconds(50)
        try await setting.application().test(.ahc()) { client async throws in
            let port = try #require(client.port)
            var request = HTTPClientRequest(url: "http://localhost:\(port)/webhooks/meta")
            request.method = .POST
            let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
            continuation.yield(ByteBuffer(string: "{"))
            request.body = .stream(stream, length: .known(Int64(100)))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            #expect(response.status == .requestTimeout)
            continuation.finish()
        }
    }

    @Test(
        "while a lane refuses, the platform is told to come again",
        arguments: [AppendRefusal.closed, .full("pending"), .inDoubt, .unreachable("down")])
    func refused(refusal: AppendRefusal) async throws {
        let setting = IngressSetting(refusal: refusal)
        try await setting.application().test(.router) { client async throws in
            let response = try await client.webhook(IngressSetting.message("m1"))
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
        }
    }

    @Test("an account that nobody configured goes to the quarantine with 200, and 503 while there is none")
    func unknownAccount() async throws {
        var setting = IngressSetting()
        let body = IngressSetting.message("m1", account: "999")
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(body).status == .ok)
        }
        #expect(setting.quarantined.all.map(\.reason) == [.unknownAccount])
        #expect(setting.holder.events.isEmpty)
        setting.quarantineWorks = false
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(body).status == .serviceUnavailable)
        }
    }

    @Test("an update that the quarantine cannot keep whole is counted")
    func cut() async throws {
        let setting = IngressSetting()
        let long = String(repeating: "x", count: 70_000)
        let body = #"{"object":"page","entry":[{"id":"1","new_thing":["\#(long)","short"]}]}"#
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(Array(body.utf8)).status == .ok)
        }
        #expect(setting.quarantined.all.map(\.isCut) == [true, false])
        #expect(setting.metrics.text().contains("nightshift_quarantine_cut_total 1\n"))
    }

    @Test("one app's secret cannot speak for another app's account")
    func foreignSecret() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let body = IngressSetting.message("m1", account: IngressSetting.instagram)
            #expect(try await client.webhook(body).status == .ok)
            #expect(try await client.webhook(body, secret: IngressSetting.otherSecret).status == .ok)
        }
        #expect(setting.quarantined.all.map(\.reason) == [.foreignSecret])
        #expect(setting.holder.events.map(\.id) == ["dm:m1"])
    }

    @Test("accounts whose apps' secrets have two names and one value both take what it signs")
    func sharedSecret() async throws {
        let setting = IngressSetting()
        var doors = setting.doors()
        doors.secrets = { [("first", IngressSetting.secret), ("second", IngressSetting.secret)] }
        try await setting.application(doors: doors).test(.router) { client async throws in
            for account in [IngressSetting.page, IngressSetting.instagram, "999"] {
                let body = IngressSetting.message("m-\(account)", account: account)
                #expect(try await client.webhook(body).status == .ok)
            }
        }
        let ours = [IngressSetting.page, IngressSetting.instagram]
        #expect(setting.holder.events.map(\.id) == ours.map { "dm:m-\($0)" })
        // Whose it is once somebody configures it, either may be.
        #expect(setting.quarantined.all.map(\.signers) == [["first", "second"]])
    }

    @Test("one app's secret cannot have another app's account braked by a word of the platform's")
    func foreignEnforcement() async throws {
        let setting = IngressSetting()
        let update = #"{"sender":{"id":"1"},"policy-enforcement":{"action":"block","reason":"spam"}}"#
        let body =
            #"{"object":"instagram","entry":[{"id":""# + IngressSetting.instagram
            + #"","time":1,"messaging":["# + update + "]}]}"
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.webhook(Array(body.utf8)).status == .ok)
            #expect(try await client.webhook(Array(body.utf8), secret: IngressSetting.otherSecret).status == .ok)
        }
        #expect(setting.quarantined.all.map(\.reason) == [.foreignSecret, .policyEnforcement])
        #expect(Set(setting.quarantined.all.map(\.signers)).count == 2)
        #expect(setting.holder.events.count == 1, "the account's own app's word calls people, another's does not")
        #expect(setting.holder.events.first?.id.hasPrefix("enforced:") == true)
    }

    @Test("health, readiness and metrics answer")
    func health() async throws {
        var setting = IngressSetting()
        setting.unready = "Redis is out of reach"
        try await setting.application().test(.router) { client async throws in
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
            let ready = try await client.execute(uri: "/readyz", method: .get)
            #expect(ready.status == .serviceUnavailable && ready.text.contains("out of reach"))
            _ = try await client.post("/webhooks/meta", [])
            let metrics = try await client.execute(uri: "/metrics", method: .get)
            #expect(metrics.text.contains(#"nightshift_webhooks_refused_total{reason="signature"} 1"#))
        }
    }
}
