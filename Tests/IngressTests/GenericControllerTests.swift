import Channels
import Contracts
import Hummingbird
import HummingbirdTesting
import Ingress
import Instants
import Lanes
import SwiftProtobuf
import Telemetry
import Testing

@Suite("The generic channel, inward over HTTP")
struct GenericControllerTests {
    static let instant = "2026-11-22T18:00:00Z"

    static func event(
        _ id: String, _ kind: String = #""message":{"text":"Hei"}"#, account: String = IngressSetting.page
    )
        -> String
    {
        #"{"id":"\#(id)","account":"\#(account)","contact":"7","happened_at":"\#(instant)",\#(kind)}"#
    }

    static func body(_ events: String...) -> [UInt8] {
        Array(#"{"events":[\#(events.joined(separator: ","))]}"#.utf8)
    }

    static func post(
        _ client: some TestClientProtocol, _ bytes: [UInt8], secrets: [[UInt8]] = [IngressSetting.secret],
        at: Instant = IngressSetting.now
    ) async throws -> TestResponse {
        let headers = RequestSignature.headers(for: bytes, at: at, secrets: secrets).map { ($0.name, $0.value) }
        return try await client.post("/webhooks/generic", bytes, headers)
    }

    @Test("signed events are held, each in its lane, and answered with their number")
    func held() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await Self.post(client, Self.body(Self.event("a"), Self.event("b")))
            #expect(response.status == .ok)
            #expect(response.text == #"{"held":2,"set_aside":[]}"# + "\n")
        }
        #expect(setting.holder.events.map(\.id) == ["a", "b"])
        let event = try Event(serializedBytes: try #require(setting.holder.events.first).bytes)
        #expect(event.receivedAt == IngressSetting.now.milliseconds)
        #expect(setting.metrics.text().contains(#"nightshift_events_accepted_total{source="generic"} 2"#))
    }

    @Test("any of several signatures will do, so that a secret can be exchanged")
    func rotation() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let secrets = [Array("the next one".utf8), IngressSetting.secret]
            #expect(try await Self.post(client, Self.body(Self.event("a")), secrets: secrets).status == .ok)
        }
    }

    @Test(
        "within five minutes of our clock a signature is good, beyond it never",
        arguments: [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400 * 365, false)])
    func window(away: Int64, isGood: Bool) async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await Self.post(
                client, Self.body(Self.event("a")), at: IngressSetting.now + .seconds(away))
            #expect(response.status == (isGood ? .ok : .unauthorized))
        }
        #expect(setting.holder.events.isEmpty != isGood)
    }

    @Test("without a signature, with another's, or with one of another body or instant the answer is 401")
    func wrongSignatures() async throws {
        let setting = IngressSetting()
        let bytes = Self.body(Self.event("a"))
        let now = IngressSetting.now
        let good = RequestSignature.headers(for: bytes, at: now, secrets: [IngressSetting.secret]).map {
            ($0.name, $0.value)
        }
        let other = RequestSignature.headers(for: bytes + [32], at: now, secrets: [IngressSetting.secret])
        let stamp = RequestSignature.timestampHeader
        let sign = RequestSignature.header
        let wrong: [[(String, String)]] = [
            [], [good[0]], [good[1]], [good[0], (sign, other[1].value)], [(stamp, "\(now.seconds - 1)"), good[1]],
            [(stamp, "+\(now.seconds)"), good[1]], [(stamp, "now"), good[1]], [(stamp, ""), good[1]],
            [(stamp, "99999999999999999999"), good[1]], [good[0], (sign, "v1=")], [good[0], (sign, "v2" + good[1].1)],
            [good[0], (sign, String(good[1].1.dropFirst(3)))], [good[0], (sign, String(good[1].1.dropLast()))],
            [("x-hub-signature-256", WebhookSignature.header(for: bytes, secret: IngressSetting.secret))],
        ]
        try await setting.application().test(.router) { client async throws in
            for headers in wrong {
                #expect(
                    try await client.post("/webhooks/generic", bytes, headers).status == .unauthorized, "\(headers)")
            }
            #expect(try await Self.post(client, bytes, secrets: [[]]).status == .unauthorized)
            #expect(try await Self.post(client, bytes, secrets: [Array("guess".utf8)]).status == .unauthorized)
        }
        #expect(setting.holder.events.isEmpty)
    }

    @Test("what cannot be read is set aside by itself, told to its sender, and lies in the quarantine")
    func setAside() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            let response = try await Self.post(
                client,
                Self.body(
                    Self.event("a"), #"{"id":"b"}"#, Self.event("c", #""claim":{"agent":"me"}"#),
                    Self.event("d", #""dance":{}"#), "7", Self.event("e")))
            #expect(response.status == .ok)
            let answer = try JSONValue(parsing: Array(response.text.utf8))
            #expect(answer["held"] == 2)
            #expect(answer["set_aside"]?.array?.compactMap { $0["index"]?.integer } == [1, 2, 3, 4])
        }
        #expect(setting.holder.events.map(\.id) == ["a", "e"])
        #expect(setting.quarantined.all.map(\.path) == ["events[1]", "events[2]", "events[3]", "events[4]"])
        #expect(setting.quarantined.all.allSatisfy { $0.reason == .unreadable })
    }

    @Test("an event of another app's account is set aside, whoever else signed the body")
    func foreign() async throws {
        let setting = IngressSetting()
        try await setting.application().test(.router) { client async throws in
            _ = try await Self.post(client, Self.body(Self.event("a", account: IngressSetting.instagram)))
        }
        #expect(setting.holder.events.isEmpty)
        #expect(setting.quarantined.all.map(\.reason) == [.foreignSecret])
    }

    @Test("accounts whose secrets have two names and one value both take what it signs")
    func sharedSecret() async throws {
        let setting = IngressSetting()
        var doors = setting.doors()
        doors.secrets = { [("first", IngressSetting.secret), ("second", IngressSetting.secret)] }
        try await setting.application(doors: doors).test(.router) { client async throws in
            let body = Self.body(Self.event("a"), Self.event("b", account: IngressSetting.instagram))
            #expect(try await Self.post(client, body).status == .ok)
        }
        #expect(setting.holder.events.count == 2 && setting.quarantined.all.isEmpty)
    }

    @Test("a body that is none is answered 400; one that cannot be held 503 with Retry-After")
    func refused() async throws {
        try await IngressSetting().application().test(.router) { client async throws in
            for text in ["", "hello", "[]", "{}", #"{"events":{}}"#] {
                #expect(try await Self.post(client, Array(text.utf8)).status == .badRequest, "\(text)")
            }
            let many = [String](repeating: Self.event("a"), count: 1_001).joined(separator: ",")
            #expect(try await Self.post(client, Array(#"{"events":[\#(many)]}"#.utf8)).status == .badRequest)
        }
        try await IngressSetting(refusal: .closed).application().test(.router) { client async throws in
            let response = try await Self.post(client, Self.body(Self.event("a")))
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
        }
    }

    @Test("a link of acknowledgement shows a button, and only the button claims the conversation, once")
    func acknowledge() async throws {
        let setting = IngressSetting()
        let secret = Array("link".utf8)
        let conversation = EntityID.messages(account: IngressSetting.page, contact: "7").text
        let link = AcknowledgeLink(
            conversation: conversation, target: "on-call <b>", notice: "00ff", until: IngressSetting.now + .seconds(60))
        let path = link.signed(secret: secret)
        var doors = setting.doors()
        doors.acknowledgeSecrets = { [("link", secret)] }
        try await setting.application(doors: doors).test(.router) { client async throws in
            let shown = try await client.execute(uri: path, method: .get)
            #expect(shown.status == .ok && shown.text.contains("<form method=\"post\">"))
            #expect(!shown.text.contains("<b>"))
            #expect(setting.holder.events.isEmpty)
            #expect(try await client.execute(uri: path, method: .post).status == .ok)
            #expect(try await client.execute(uri: path, method: .post).status == .ok)
            for wrong in [
                String(path.dropLast()), path.replacing("t=on", with: "t=off"), AcknowledgeLink.path,
                link.signed(secret: Array("another".utf8)),
                AcknowledgeLink(conversation: conversation, target: "x", notice: "1", until: IngressSetting.now)
                    .signed(secret: secret),
            ] {
                #expect(try await client.execute(uri: wrong, method: .post).status == .forbidden, "\(wrong)")
            }
        }
        #expect(setting.holder.events.map(\.id) == ["ack.00ff", "ack.00ff"])
        let event = try Event(serializedBytes: try #require(setting.holder.events.first).bytes)
        #expect(event.claim.agent == "on-call <b>" && event.conversation == conversation)
        #expect(event.account == IngressSetting.page)
    }

    @Test("a link of a digest takes the desk, one of an incident its matter, and no account is named")
    func acknowledgeDesk() async throws {
        let setting = IngressSetting()
        let secret = Array("link".utf8)
        let desks = [
            EntityID.desk(team: "berlin"),
            .matter(team: "berlin", conversation: .post(account: "de", originalPost: "campaign:sale")),
        ]
        var doors = setting.doors()
        doors.acknowledgeSecrets = { [("link", secret)] }
        try await setting.application(doors: doors).test(.router) { client async throws in
            for (number, desk) in desks.enumerated() {
                let path = AcknowledgeLink(
                    conversation: desk.text, target: "night", notice: "\(number)",
                    until: IngressSetting.now + .seconds(60)
                ).signed(secret: secret)
                let words = try await client.execute(uri: path, method: .get).text
                #expect(words.contains(number == 0 ? "I see to all of it" : "I see to it"))
                #expect(try await client.execute(uri: path, method: .post).status == .ok)
            }
        }
        for (held, desk) in zip(setting.holder.events, desks) {
            let event = try Event(serializedBytes: held.bytes)
            #expect(event.account.isEmpty && event.conversation == desk.text && event.claim.agent == "night")
        }
        #expect(setting.holder.events.count == 2)
    }

    @Test("without a secret of links there are none")
    func noLinks() async throws {
        let link = AcknowledgeLink(
            conversation: "m/1/2", target: "x", notice: "1", until: IngressSetting.now + .seconds(60))
        try await IngressSetting().application().test(.router) { client async throws in
            #expect(try await client.execute(uri: link.signed(secret: []), method: .post).status == .forbidden)
        }
    }

    @Test("the original of an ad's media, once told, is given to the comments that name the media only")
    func aliases() async throws {
        let setting = IngressSetting()
        let book = AliasBook(mostPerAccount: 10)
        var doors = setting.doors()
        doors.complete = { book.complete($0) }
        try await setting.application(doors: doors).test(.router) { client async throws in
            let bodies = [
                #"{"id":"c1","post":"ad","text":"?"}"#, #"{"id":"c2","post":"ad","original_post":"post","text":"?"}"#,
                #"{"id":"c3","post":"ad","text":"?"}"#,
            ]
            for (index, comment) in bodies.enumerated() {
                let event = Self.event("e\(index)", #""comment":\#(comment)"#)
                #expect(try await Self.post(client, Self.body(event)).status == .ok)
            }
        }
        let originals = try setting.holder.events.map { try Event(serializedBytes: $0.bytes).comment.originalPost }
        #expect(originals == ["", "post", "post"])
    }

    @Test("a comment that another app signed teaches nothing about the posts of an account")
    func foreignAlias() async throws {
        let setting = IngressSetting()
        let book = AliasBook(mostPerAccount: 10)
        var doors = setting.doors()
        doors.complete = { book.complete($0) }
        try await setting.application(doors: doors).test(.router) { client async throws in
            for account in [IngressSetting.instagram, "invented"] {
                let event = Self.event(
                    "e-\(account)", #""comment":{"id":"c1","post":"ad","original_post":"post","text":"?"}"#,
                    account: account)
                #expect(try await Self.post(client, Self.body(event)).status == .ok)
            }
        }
        #expect(setting.holder.events.isEmpty)
        #expect(setting.quarantined.all.map(\.reason) == [.foreignSecret, .foreignSecret])
        #expect(book.fresh(atMost: 10).isEmpty)
    }
}
