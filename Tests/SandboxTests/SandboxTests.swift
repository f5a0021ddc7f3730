import Channels
import Contracts
import Delivery
import Foundation
import Hummingbird
import HummingbirdTesting
import Instants
import Logging
import Sandbox
import Testing

@Suite("The platform's double")
struct SandboxTests {
    static let page = SandboxAccount(
        id: "104857600000001", label: "fi · Helsinki", isInstagram: false, secret: Array("secret".utf8))
    static let now = Instant(seconds: 1_795_370_402)

    static func settings() -> SandboxSettings {
        SandboxSettings(accounts: [page], webhookURL: "http://127.0.0.1:9/webhooks/meta") { now }
    }

    static func action(_ kind: Action.Kind, comment: String = "") -> Action {
        var action = Action()
        action.kind = kind
        action.account = page.id
        action.contact = "77"
        action.comment = comment
        action.text = "Hei!"
        action.actionID = ActionID(high: 1, low: 2)
        return action
    }

    /// Runs a sandbox on a free port and gives its address and ledger to the test.
    static func run(
        _ settings: SandboxSettings, posts: SandboxPosts = SandboxPosts(),
        messages: SandboxMessages = SandboxMessages(),
        _ test: @Sendable @escaping (_ url: String, SandboxLedger, any TestClientProtocol) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ledger = try SandboxLedger(path: path)
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let server = SandboxServer.application(
            settings: settings, ledger: ledger, sender: WebhookSender(url: settings.webhookURL), port: 0,
            logger: logger, posts: posts, messages: messages)
        try await server.test(.ahc()) { client in
            try await test("http://localhost:\(try #require(client.port))", ledger, client)
        }
    }

    static func carryOut(
        _ action: Action, at url: String, channel: MetaChannel = .facebook, deadline: Duration = .seconds(10),
        laneNow at: Instant = now
    ) async throws -> SendAnswer {
        let call = try MetaOutbound(channel: channel).request(
            for: action, lane: LaneName("fi-helsinki.0"), at: at)
        let client = MetaClient(base: url + "/v26.0", token: { "token-\($0)" })
        let attempt = await client.carryOut(
            call, account: action.account, kind: action.kind, attempt: 1, deadline: deadline)
        return attempt.answer
    }

    @Test("every kind of call is delivered, and stands in the ledger with our mark")
    func delivered() async throws {
        try await Self.run(Self.settings()) { url, ledger, _ in
            for kind in [Action.Kind.send, .privateReply, .reply, .hide, .unhide, .delete, .senderAction] {
                let answer = try await Self.carryOut(Self.action(kind, comment: "900_1"), at: url)
                guard case .delivered = answer else {
                    Issue.record("expected delivered, got \(answer), \(kind)")
                    continue
                }
            }
            for kind in [Action.Kind.reply, .hide, .unhide] {
                let answer = try await Self.carryOut(
                    Self.action(kind, comment: "900_2"), at: url, channel: .instagram)
                guard case .delivered = answer else {
                    Issue.record("expected delivered, got \(answer), \(kind)")
                    continue
                }
            }
            #expect(ledger.summary.count == 10)
            let lines = try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n")
            let first = try JSONValue(parsing: Array(try #require(lines.first).utf8))
            #expect(first["metadata"] == "ns1:fi-helsinki.0:00000000000000010000000000000002")
            #expect(first["recipient"] == "77" && first["text"] == "Hei!" && first["kind"] == "send")
        }
    }

    @Test("a mark that comes twice is told")
    func duplicates() async throws {
        try await Self.run(Self.settings()) { url, ledger, _ in
            for _ in 0..<2 { _ = try await Self.carryOut(Self.action(.send), at: url) }
            #expect(ledger.summary.duplicates == ["ns1:fi-helsinki.0:00000000000000010000000000000002"])
        }
    }

    @Test("a call that is accepted and given up by the platform's edge is ambiguous, and stands in the ledger")
    func silence() async throws {
        var settings = Self.settings()
        settings.faults = [SandboxFault(perMille: 1_000, .acceptSilently)]
        settings.silence = .milliseconds(100)
        try await Self.run(settings) { url, ledger, _ in
            // As long as a busy machine may need to get the call there; deadlines are HTTPExchangeTests' matter.
            let answer = try await Self.carryOut(Self.action(.send), at: url, deadline: .seconds(60))
            guard case .ambiguous = answer else {
                Issue.record("expected ambiguous, got \(answer)")
                return
            }
            #expect(ledger.summary.count == 1)
        }
    }

    @Test("injected refusals and failures accept nothing")
    func faults() async throws {
        var settings = Self.settings()
        settings.faults = [SandboxFault(perMille: 1_000, .refuse(status: 400, code: 551))]
        try await Self.run(settings) { url, ledger, _ in
            guard case .failed = try await Self.carryOut(Self.action(.send), at: url) else {
                Issue.record("expected failed")
                return
            }
            #expect(ledger.summary.count == 0)
        }
        settings.faults = [SandboxFault(perMille: 1_000, .fail)]
        try await Self.run(settings) { url, ledger, _ in
            guard case .ambiguous = try await Self.carryOut(Self.action(.send), at: url) else {
                Issue.record("expected ambiguous")
                return
            }
            #expect(ledger.summary.count == 0)
        }
    }

    @Test("an outage on command fails every call until it ends, and takes nothing")
    func outage() async throws {
        try await Self.run(Self.settings()) { url, ledger, client in
            let begun = try await client.execute(uri: "/outage?seconds=600&kind=fail", method: .post)
            #expect(begun.status == .ok)
            guard case .ambiguous(let failure) = try await Self.carryOut(Self.action(.send), at: url) else {
                Issue.record("expected ambiguous")
                return
            }
            #expect(failure.status == 502 && failure.saysNotTaken && ledger.summary.count == 0)
            let ended = try await client.execute(uri: "/outage", method: .post)
            #expect(ended.status == .ok)
            _ = try await Self.carryOut(Self.action(.send), at: url)
            #expect(ledger.summary.count == 1)
            let bad = try await client.execute(uri: "/outage?seconds=1&kind=none", method: .post)
            #expect(bad.status == .badRequest)
        }
    }

    @Test(
        "a reply that was taken is found before it is said again; one that was not is said", arguments: [true, false])
    func replies(isTaken: Bool) async throws {
        try await Self.run(Self.settings()) { url, ledger, _ in
            let action = Self.action(.reply, comment: "900_1")
            if isTaken { _ = try await Self.carryOut(action, at: url) }
            let carrier = GraphCarrier(
                client: MetaClient(base: url + "/v26.0", token: { "token-\($0)" }),
                channel: { _ in MetaOutbound(channel: .facebook) })
            let (answers, box) = AsyncStream<[Answered]>.makeStream()
            let attempt = Attempt(
                action: action, lane: try LaneName("fi-helsinki.0"), number: 2, deadline: .now + .seconds(30),
                earlier: true)
            async let running: Void = carrier.run()
            carrier.start([attempt], answers: AnswerBox { box.yield($0) })
            carrier.finish()
            var answered = answers.makeAsyncIterator()
            let first = try #require(await answered.next()?.first)
            await running
            guard case .delivered(let id) = first.answer else {
                Issue.record("expected delivered, got \(first.answer)")
                return
            }
            #expect(!id.isEmpty && ledger.summary.count == 1)
        }
    }

    @Test("a connection that is refused is tried again, since nothing left")
    func unreachable() async throws {
        let answer = try await Self.carryOut(Self.action(.send), at: "http://127.0.0.1:9", deadline: .seconds(3))
        switch answer {
        case .again: break
        default: Issue.record("expected again, got \(answer)")
        }
    }

    @Test("the page is there, writes a signed webhook for what is typed and shows the answer")
    func page() async throws {
        try await Self.run(Self.settings()) { url, _, client in
            let html = try await client.execute(uri: "/", method: .get)
            #expect(html.status == .ok)
            let text = String(buffer: html.body)
            #expect(text.contains("<form") && !text.contains("src=\"http"))
            let accounts = try await client.execute(uri: "/accounts", method: .get)
            #expect(String(buffer: accounts.body).contains("fi · Helsinki"))
            let typed: JSONValue = [
                "account": .string(Self.page.id), "contact": "77", "text": "Onko auki?", "kind": "message",
            ]
            let said = try await client.execute(
                uri: "/say", method: .post, body: ByteBuffer(bytes: typed.bytes()))
            #expect(said.status == .badGateway, "no ingress listens in this test")
            _ = try await Self.carryOut(Self.action(.send), at: url)
            let thread = try await client.execute(
                uri: "/thread?account=\(Self.page.id)&contact=77", method: .get)
            let texts = try JSONValue(parsing: Array(thread.body.readableBytesView))["texts"]?.array ?? []
            #expect(texts.map { $0["from"]?.string } == ["customer", "shop"])
            #expect(texts.map { $0["text"]?.string } == ["Onko auki?", "Hei!"])
        }
    }

    @Test("built webhook bodies are read as what they say")
    func bodies() throws {
        let normaliser = MetaNormaliser { _ in true }
        let account = Self.page.id
        let updates = [
            WebhookBodies.message(account: account, contact: "1", id: "m", text: "Xin chào", at: Self.now),
            WebhookBodies.attachment(account: account, contact: "1", id: "a", at: Self.now),
            WebhookBodies.edit(account: account, contact: "1", of: "m", number: 1, text: "ä", at: Self.now),
            WebhookBodies.removal(account: account, contact: "1", of: "m", at: Self.now),
            WebhookBodies.postback(account: account, contact: "1", id: "p", payload: "START", at: Self.now),
            WebhookBodies.echo(
                account: account, contact: "1", id: "e", text: "Hei", metadata: "ns1:x", app: "1", at: Self.now),
        ]
        let body = WebhookBodies.body(account: account, isInstagram: false, at: Self.now, updates)
        #expect(body.allSatisfy { $0 < 0x80 })
        let events = try normaliser.normalise(body, received: Self.now).events.map(\.event)
        #expect(
            events.compactMap { EventJSON.word(of: $0.kind) }
                == ["message", "message", "edit", "removal", "postback", "echo"])
        #expect(events.allSatisfy { $0.contact == "1" && $0.happenedAt == Self.now.milliseconds })
        for isInstagram in [true, false] {
            let update = WebhookBodies.comment(
                isInstagram: isInstagram, contact: "5", id: "c", post: "p", parent: "r", text: "?", at: Self.now)
            let body = WebhookBodies.body(account: account, isInstagram: isInstagram, at: Self.now, [update])
            let event = try #require(try normaliser.normalise(body, received: Self.now).events.first).event
            #expect(event.comment.parent == "r" && event.comment.post == "p" && event.contact == "5")
        }
    }
}
