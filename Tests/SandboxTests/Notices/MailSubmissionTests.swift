import Contracts
import Instants
import Settings
import TestSupport
import Testing

@testable import Delivery

@Suite("Notices by mail")
struct MailSubmissionTests {
    private static let certificates = Result { try TestCertificates() }

    private static func notice(_ rule: String = "safety", link: Bool = true) -> Notice {
        var action = Action()
        action.kind = .notify
        let conversation = EntityID.messages(account: "shop", contact: "7")
        action.conversation = EntityID.matter(team: "berlin", conversation: conversation).text
        action.team = "berlin"
        action.contact = "berlin-on-call"
        action.rule = rule
        action.decidedAt = SandboxTests.now.milliseconds
        action.actionID = ActionID(high: 3, low: 4)
        return Notice(
            action, link: link ? (base: "https://ingress.example", secret: Array("l1nk".utf8)) : nil,
            now: SandboxTests.now)
    }

    private static func route(
        _ port: Int, _ security: MailRoute.Security = .none, host: String = "127.0.0.1", user: String? = nil,
        to: [String] = ["duty@shop.test"], trust: String? = nil
    ) -> MailRoute {
        MailRoute(
            host: host, port: port, security: security, user: user, from: "night@shop.test", to: to, trust: trust)
    }

    private static func send(
        _ route: MailRoute, passwords: [String] = [], attempt: Int = 1, rule: String = "safety",
        within patience: Duration = .seconds(60)
    ) async -> MailEnd {
        let message = MailMessage(notice(rule), route, at: SandboxTests.now)
        return await MailSubmission(route: route, passwords: passwords, attempt: attempt)
            .send(message, within: patience)
    }

    @Test("a mail arrives with a subject, the conversation and the link that acknowledges")
    func arrives() async throws {
        try await LoopbackMailServer.run(.init()) { server, port in
            #expect(await Self.send(Self.route(port, to: ["duty@shop.test", "boss@shop.test"])) == .accepted)
            let seen = server.seen
            #expect(
                seen.commands.prefix(5) == [
                    "EHLO shop.test", "MAIL FROM:<night@shop.test>", "RCPT TO:<duty@shop.test>",
                    "RCPT TO:<boss@shop.test>", "DATA",
                ])
            let end = try #require(seen.text.firstIndex(of: ""))
            #expect(seen.text.contains("Message-ID: <\(Self.notice().id)@shop.test>"))
            #expect(seen.text.contains("Date: Sun, 22 Nov 2026 18:00:02 +0000"))
            #expect(seen.text.contains("To: duty@shop.test,") && seen.text.contains(" boss@shop.test"))
            let text = Base64.text(seen.text[(end + 1)...].joined())
            #expect(text.contains("Conversation: m/shop/7\r\n"))
            #expect(text.contains("https://ingress.example/v1/acknowledge?"))
            #expect(seen.text.allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 0x80 } })
        }
    }

    @Test("nothing of a notice begins a header, whatever a rule is called")
    func headers() async throws {
        try await LoopbackMailServer.run(.init()) { server, port in
            let rule =
                "x\r\nBcc: thief@evil.test\r\n\r\n.\r\nMAIL FROM:<a@b>\r\nKäse 夜 " + String(repeating: "é", count: 90)
            #expect(await Self.send(Self.route(port), rule: rule) == .accepted)
            let seen = server.seen
            let end = try #require(seen.text.firstIndex(of: ""))
            #expect(!seen.text.contains { $0.lowercased().hasPrefix("bcc") })
            #expect(seen.commands.filter { $0.hasPrefix("MAIL") }.count == 1)
            let words = seen.text[..<end].joined(separator: "\n").split(separator: "=?utf-8?B?").dropFirst()
                .map { Base64.text(String($0.split(separator: "?=")[0])) }
            #expect(words.joined().contains("Käse 夜 éé") && words.count > 2)
            #expect(seen.text[..<end].filter { $0.contains("=?") }.allSatisfy { $0.utf8.count <= 76 })
        }
    }

    @Test(
        "each way to be safe works with a certificate that its roots signed for its name, and with no other",
        arguments: [MailRoute.Security.tls, .starttls])
    func safety(security: MailRoute.Security) async throws {
        let certificates = try Self.certificates.get()
        var part = LoopbackMailServer.Part(security: security == .tls ? .tls : .starttls)
        part.certificate = certificates.server
        try await LoopbackMailServer.run(part) { server, port in
            let good = Self.route(port, security, user: "night", trust: certificates.authority)
            #expect(await Self.send(good, passwords: ["right"]) == .accepted)
            let before = server.seen.commands.count
            let stranger = Self.route(port, security, user: "night", trust: certificates.otherAuthority)
            #expect(Self.word(await Self.send(stranger, passwords: ["right"])) == "later")
            #expect(!server.seen.commands[before...].contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
        }
        // Signed by the same roots, for another name.
        part.certificate = certificates.client
        try await LoopbackMailServer.run(part) { server, port in
            for host in ["localhost", "127.0.0.1"] {
                let other = Self.route(port, security, host: host, user: "night", trust: certificates.authority)
                #expect(Self.word(await Self.send(other, passwords: ["right"])) == "later")
            }
            #expect(!server.seen.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
        }
    }

    @Test("without STARTTLS, or with words before TLS that are not under it, nothing is said")
    func downgrade() async throws {
        let certificates = try Self.certificates.get()
        for injects in [false, true] {
            var part = LoopbackMailServer.Part(security: injects ? .starttls : .none)
            part.certificate = certificates.server
            part.injects = injects
            try await LoopbackMailServer.run(part) { server, port in
                let route = Self.route(port, .starttls, user: "night", trust: certificates.authority)
                guard case .later = await Self.send(route, passwords: ["right"]) else {
                    Issue.record("expected to be tried again")
                    return
                }
                #expect(!server.seen.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
            }
        }
    }

    @Test(
        "while a password is exchanged the older one is tried too, and a wrong one alone is waited for until it is mended",
        arguments: ["PLAIN", "LOGIN"])
    func passwords(mechanism: String) async throws {
        try await LoopbackMailServer.run(.init(mechanisms: mechanism)) { _, port in
            let route = Self.route(port, user: "night")
            #expect(await Self.send(route, passwords: ["new", "right"]) == .accepted)
            #expect(await Self.send(route, passwords: ["wrong"]) == .later(code: 535, "no"))
        }
        // One that ends the talk at a wrong password hears the other one first in the next attempt.
        try await LoopbackMailServer.run(.init(mechanisms: mechanism, endsAtWrongPassword: true)) { _, port in
            let route = Self.route(port, user: "night")
            #expect(Self.word(await Self.send(route, passwords: ["new", "right"], attempt: 1)) == "later")
            #expect(await Self.send(route, passwords: ["new", "right"], attempt: 2) == .accepted)
        }
        try await LoopbackMailServer.run(.init(mechanisms: "GSSAPI")) { server, port in
            guard case .later = await Self.send(Self.route(port, user: "night"), passwords: ["right"]) else {
                Issue.record("expected to be tried again")
                return
            }
            #expect(!server.seen.commands.contains { $0.hasPrefix("MAIL") })
        }
    }

    @Test(
        "every answer means one thing",
        arguments: [
            ("HELLO", "554 no service", "later"), ("HELLO", "421 busy", "later"), ("EHLO", "502 what", "later"),
            ("MAIL", "451 not now", "later"), ("MAIL", "550 never", "refused"), ("RCPT", "450 not now", "later"),
            ("MAIL", "530 say who you are", "later"),
            ("RCPT", "550 nobody", "refused"), ("DATA", "452 full", "later"), ("DATA", "554 never", "refused"),
            ("TEXT", "451 not now", "later"), ("TEXT", "554 spam", "refused"), ("TEXT", "999 what", "unclear"),
            ("MAIL", "hello", "later"),
        ])
    func answers(verb: String, answer: String, word: String) async throws {
        try await LoopbackMailServer.run(.init(answers: [verb: answer])) { _, port in
            #expect(Self.word(await Self.send(Self.route(port))) == word)
        }
    }

    @Test(
        "a cut or a silence before the text was whole is tried again, one behind it is not",
        arguments: [("HELLO", "later"), ("MAIL", "later"), ("DATA", "later"), ("TEXT", "unclear")])
    func cuts(verb: String, word: String) async throws {
        try await LoopbackMailServer.run(.init(cutsAt: verb)) { _, port in
            #expect(Self.word(await Self.send(Self.route(port))) == word)
        }
        try await LoopbackMailServer.run(.init(silentAt: verb)) { server, port in
            // On a busy machine the time may be over before the talk came so far: then it gets more.
            var patience = Duration.milliseconds(200)
            while server.seen.silences == 0, patience < .seconds(60) {
                let end = await Self.send(Self.route(port), within: patience)
                if server.seen.silences > 0 { #expect(Self.word(end) == word) }
                patience *= 2
            }
            #expect(server.seen.silences > 0)
        }
    }

    @Test("a connection that broke before the text had left is tried again, though the server had asked for it")
    func brokenText() {
        let route = Self.route(25)
        let message = MailMessage(Self.notice(), route, at: SandboxTests.now)
        var dialogue = SMTPDialogue(message, route: route, passwords: [])
        for code in [220, 250, 250, 250, 354] { _ = dialogue.take(SMTPReply(code: code, lines: ["mail.test"])) }
        #expect(dialogue.saysText)
        #expect(dialogue.lost("reset") == .later(code: 0, "reset"))
        dialogue.left()
        #expect(dialogue.lost("reset") == .unclear("reset"))
    }

    @Test("roots that cannot be read are named, not the network")
    func unreadableRoots() async {
        let end = await Self.send(Self.route(9, .tls, trust: "/nowhere/roots.pem"))
        #expect(end == .later(code: 0, "expected root certificates, got a file of `trust` that cannot be read"))
    }

    @Test("nobody at the address is tried again")
    func nobody() async {
        #expect(Self.word(await Self.send(Self.route(9))) == "later")
    }

    @Test("a line that begins with a dot has it doubled")
    func dots() {
        let message = MailMessage(lines: ["a", ".b", "..", ""])
        #expect(String(decoding: SMTPDialogue.body(message), as: UTF8.self) == "a\r\n..b\r\n...\r\n\r\n.\r\n")
    }

    private static func word(_ end: MailEnd) -> String {
        switch end {
        case .accepted: "accepted"
        case .refused: "refused"
        case .later: "later"
        case .unclear: "unclear"
        }
    }
}
