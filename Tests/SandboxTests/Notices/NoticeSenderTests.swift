import Channels
import Contracts
import Delivery
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Instants
import Logging
import NIOCore
import Settings
import Synchronization
import Testing

@Suite("Notices that leave the house")
struct NoticeSenderTests {
    private static let conversation = EntityID.messages(account: "shop", contact: "7")

    private static var notice: Action {
        var action = Action()
        action.kind = .notify
        action.conversation = EntityID.matter(team: "berlin", conversation: conversation).text
        action.team = "berlin"
        action.contact = "berlin-on-call"
        action.rule = "safety"
        action.decidedAt = SandboxTests.now.milliseconds
        action.actionID = ActionID(high: 3, low: 4)
        return action
    }

    /// What one request held.
    private struct Seen: Sendable {
        let body: JSONValue
        let headers: [String: String]
        let bytes: [UInt8]
    }

    private static func targets(_ lines: String) throws -> NoticeTargets {
        try NoticeTargets(text: Array(lines.utf8), file: "notices.yaml")
    }

    /// Sends one notice to a server that answers with a status, by a file in which `URL` is the server's address.
    private static func send(
        _ file: String, status: Int = 200, secrets: [String: [String]] = ["key": ["s3cret"], "notice_link": ["l1nk"]],
        _ notices: [Action] = [notice]
    ) async throws -> (answer: SendAnswer?, seen: [Seen]) {
        let state = Mutex<(answer: SendAnswer?, seen: [Seen])>((nil, []))
        var logger = Logger(label: "target")
        logger.logLevel = .critical
        let router = Router()
        router.post("/hook") { request, _ in
            let bytes = Array(try await request.body.collect(upTo: 1 << 20).readableBytesView)
            var headers: [String: String] = [:]
            for field in request.headers { headers[field.name.rawName.lowercased()] = field.value }
            let seen = Seen(body: (try? JSONValue(parsing: bytes)) ?? .null, headers: headers, bytes: bytes)
            state.withLock { $0.seen.append(seen) }
            return Response(status: .init(code: status))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.ahc()) { client in
            let url = "http://localhost:\(try #require(client.port))/hook"
            var values = secrets
            values["address"] = [url]
            let sender = NoticeSender(
                targets: try targets(file.replacing("URL", with: url)),
                post: SignedPost(now: { SandboxTests.now }), secrets: { [values] in values[$0] ?? [] },
                now: { SandboxTests.now })
            for notice in notices {
                let answer = try await GenericCarrierTests.attempt(notice, with: sender.carrier)
                state.withLock { $0.answer = answer }
            }
        }
        return state.withLock { $0 }
    }

    private static let links = "\nacknowledge: {base: \"https://ingress.example/\"}"

    @Test("our own form is signed, names the conversation, and carries a link that acknowledges")
    func json() async throws {
        let (answer, seen) = try await Self.send(
            "targets: {berlin-on-call: {webhook: \"URL\", secret: key}}" + Self.links)
        #expect(answer == .delivered(providerID: ""))
        let request = try #require(seen.first)
        let verdict = RequestSignature.verify(
            request.bytes, signature: request.headers[RequestSignature.header],
            timestamp: request.headers[RequestSignature.timestampHeader], now: SandboxTests.now,
            among: [("key", Array("s3cret".utf8))])
        #expect(verdict == .signed(by: ["key"]))
        #expect(request.headers[GenericOutbound.keyHeader] == Self.notice.actionID.description)
        let notice = request.body["notice"]
        #expect(notice?["conversation"]?.string == Self.conversation.text)
        #expect(notice?["rule"] == "safety" && notice?["target"] == "berlin-on-call")
        let link = try #require(notice?["acknowledge"]?.string)
        #expect(link.hasPrefix("https://ingress.example/v1/acknowledge?"))
        var query: [String: String] = [:]
        for item in URLComponents(string: link)?.queryItems ?? [] { query[item.name] = item.value }
        let read = AcknowledgeLink(
            { [query] in query[$0] }, secrets: [("l", Array("l1nk".utf8))], now: SandboxTests.now)
        #expect(read?.conversation == Self.conversation.text && read?.target == "berlin-on-call")
    }

    @Test("chats and pagers get the shapes that they take, unsigned, and the address may be a secret")
    func forms() async throws {
        let slack = try await Self.send("targets: {default: {form: slack, secret: address}}" + Self.links).seen
        let text = try #require(slack.first?.body["text"]?.string)
        #expect(text.hasPrefix("berlin: safety in \(Self.conversation.text)\n<https://ingress.example/"))
        #expect(slack.first?.headers[RequestSignature.header] == nil)
        let teams = try await Self.send("targets: {default: {webhook: \"URL\", form: teams}}" + Self.links).seen
        let card = teams.first?.body["attachments"]?.array?.first?["content"]
        #expect(teams.first?.body["type"] == "message" && card?["type"] == "AdaptiveCard")
        #expect(card?["actions"]?.array?.first?["type"] == "Action.OpenUrl")
        let pager = try await Self.send("targets: {default: {webhook: \"URL\", form: pagerduty, secret: key}}").seen
        let event = try #require(pager.first?.body)
        #expect(event["routing_key"] == "s3cret" && event["event_action"] == "trigger")
        #expect(event["dedup_key"]?.string == Self.notice.conversation)
        #expect(event["payload"]?["severity"] == "critical" && event["payload"]?["source"] == "nightshift")
        #expect(event["links"] == nil)
    }

    /// A matter's call, that somebody sees to it, and that it is over.
    private static var course: [Action] {
        [Action.Stage.call, .acknowledged, .resolved].map { stage in
            var action = notice
            action.stage = stage
            return action
        }
    }

    @Test("a pager's incident is opened, acknowledged and resolved under one key, and says no more than it must")
    func incident() async throws {
        let file = "targets: {default: {webhook: \"URL\", form: pagerduty, secret: key}}" + Self.links
        let (answer, seen) = try await Self.send(file, Self.course)
        #expect(answer == .delivered(providerID: ""))
        #expect(seen.map { $0.body["event_action"]?.string } == ["trigger", "acknowledge", "resolve"])
        #expect(Set(seen.map { $0.body["dedup_key"]?.string }) == [Self.notice.conversation])
        #expect(seen.allSatisfy { $0.body["routing_key"] == "s3cret" })
        #expect(seen.map { $0.body["payload"] != nil } == [true, false, false])
        #expect(seen.map { $0.body["links"] != nil } == [true, false, false])
        let silent = file.replacing("secret: key", with: "secret: key, ends: false")
        #expect(try await Self.send(silent, Self.course).seen.count == 1)
    }

    @Test("two long matters of one beginning are two incidents, with keys that a pager takes")
    func longKeys() async throws {
        let notices = ["a", "b"].map { end in
            var action = Self.notice
            let long = EntityID.comments(account: "shop", originalPost: String(repeating: "p", count: 300), root: end)
            action.conversation = EntityID.matter(team: "berlin", conversation: long).text
            return action
        }
        let seen = try await Self.send("targets: {default: {webhook: \"URL\", form: pagerduty, secret: key}}", notices)
            .seen
        let keys = seen.compactMap { $0.body["dedup_key"]?.string }
        #expect(Set(keys).count == 2 && keys.allSatisfy { $0.utf8.count <= 255 })
    }

    @Test("others hear of the end only where the file says so, in words or by a stage")
    func ends() async throws {
        for form in ["json", "slack", "teams"] {
            let file = "targets: {default: {webhook: \"URL\", form: \(form)}}" + Self.links
            let (answer, silent) = try await Self.send(file, Self.course)
            #expect(answer == .delivered(providerID: "") && silent.count == 1, "\(form)")
            let told = try await Self.send(
                file.replacing("form: \(form)", with: "form: \(form), ends: true"), Self.course
            ).seen
            try #require(told.count == 3)
            let words = told.map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(words[1].contains("somebody sees to") && words[2].contains("is over"), "\(form)")
            #expect(words.map { $0.contains("acknowledge?") } == [true, false, false])
            guard form == "json" else { continue }
            #expect(told.map { $0.body["notice"]?["stage"]?.string } == ["call", "acknowledged", "resolved"])
        }
    }

    @Test("a digest and an incident carry a link too: to the desk with all that it called for, and to its matter")
    func deskLinks() async throws {
        let incident = EntityID.post(account: "de", originalPost: "campaign:sale")
        let desks = [EntityID.desk(team: "berlin"), .matter(team: "berlin", conversation: incident)]
        let notices = desks.map { desk in
            var action = Self.notice
            action.conversation = desk.text
            return action
        }
        let seen = try await Self.send("targets: {default: {webhook: \"URL\"}}" + Self.links, notices).seen
        let claimed = try seen.map { request in
            let link = try #require(request.body["notice"]?["acknowledge"]?.string)
            return URLComponents(string: link)?.queryItems?.first { $0.name == "c" }?.value
        }
        #expect(claimed == desks.map(\.text))
    }

    @Test(
        "what may pass is tried again, what is refused for good has failed",
        arguments: [
            (200, "delivered"), (202, "delivered"), (400, "failed"), (404, "failed"), (429, "again"), (500, "again"),
        ])
    func outcomes(status: Int, word: String) async throws {
        let answer = try await Self.send("targets: {default: {webhook: \"URL\"}}", status: status).answer
        #expect(Self.word(answer) == word)
    }

    @Test("a name without a target fails; a secret that is not there, or nobody at the address, is tried again")
    func missing() async throws {
        #expect(Self.word(try await Self.send("targets: {other: {webhook: \"URL\"}}").answer) == "failed")
        let keyless = try await Self.send("targets: {default: {webhook: \"URL\", secret: none}}")
        #expect(Self.word(keyless.answer) == "again" && keyless.seen.isEmpty)
        let nobody = try await Self.send("targets: {default: {webhook: \"http://127.0.0.1:9/s3cret\"}}").answer
        #expect(Self.word(nobody) == "again")
        #expect(!"\(String(describing: nobody))".contains("127.0.0.1"))
    }

    @Test(
        "a file with a fault is refused with its place",
        arguments: [
            "targets: {a: {webhook: \"http://example.com/x\"}}", "targets: {a: {webhook: \"ftp://x\"}}",
            "targets: {a: {form: slack}}", "targets: {a: {webhook: \"https://x.example\", ends: never}}",
            "targets: {a: {form: pagerduty}}",
            "targets: {a: {webhook: \"https://x.example\", timeout: 60s}}", "targets: {a: {webhok: \"https://x\"}}",
            "targets: {a: {command: [page]}}", "targets: {a: {command: []}}", "targets: {a: {command: /bin/page}}",
            "targets: {a: {command: [/bin/page], secret: s}}", "targets: {a: {command: [/bin/page], form: slack}}",
            mail("from: x"), mail("from: \"a@b.test\\r\\nBcc: c@d.test\""), mail("to: []"), mail("to: [a b@c.test]"),
            mail("server: \"mail.test:0\""), mail("server: \"mail.test:25:1\""), mail("security: none"),
            mail("user: night"), mail("security: ssl"), mail("subject: hi"),
            "other: {}",
            "targets: {}\nacknowledge: {base: x}", "",
        ])
    func faults(file: String) {
        #expect(throws: ConfigFaults.self) { try Self.targets(file) }
    }

    /// A mail target with one thing of it said otherwise.
    private static func mail(_ change: String) -> String {
        var fields = ["server": "mail.test", "from": "a@b.test", "to": "[c@d.test]"]
        let parts = change.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        fields[parts[0]] = parts[1]
        let text = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return "targets: {a: {mail: {\(text)}}}"
    }

    @Test("a mail server's port and safety follow from each other, and a name goes with its secret")
    func mailRoutes() throws {
        func route(_ text: String) throws -> MailRoute? {
            let file = "targets: {a: {mail: {server: \"\(text)\", user: n, from: a@b.test, to: [c@d.test]}, secret: s}}"
            guard case .mail(let route)? = try Self.targets(file).target(of: "a")?.way else { return nil }
            return route
        }
        #expect(try route("mail.test").map { [$0.port, $0.security == .starttls ? 1 : 0] } == [587, 1])
        #expect(try route("mail.test:465")?.security == .tls)
        #expect(try route("mail.test:2525").map { [$0.port, $0.security == .starttls ? 1 : 0] } == [2_525, 1])
        let command = try Self.targets("targets: {a: {command: [/bin/page, \"\", \"$x\"]}}").target(of: "a")
        #expect(command?.way == .command(["/bin/page", "", "$x"]))
    }

    @Test(
        "how a command ends says what becomes of its notice, and it gets our own form",
        arguments: [
            ("cat > FILE; exit 0", "delivered"), ("exit 67", "failed"), ("exit 75", "again"), ("exit 1", "again"),
            ("kill -9 $$", "again"), ("sleep 60", "again"),
        ])
    func commands(script: String, word: String) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("notice-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let shell = script.replacing("FILE", with: path)
        // One second is for what never ends by itself; a start alone can take longer on a busy machine.
        let patience = script.hasPrefix("sleep") ? "1s" : "25s"
        let sender = NoticeSender(
            targets: try Self.targets(
                "targets: {default: {command: [/bin/sh, -c, \"\(shell)\"], timeout: \(patience)}}"),
            post: SignedPost(now: { SandboxTests.now }), secrets: { _ in [] }, now: { SandboxTests.now })
        let answer = try await GenericCarrierTests.attempt(
            Self.notice, with: sender.carrier, patience: .seconds(300))
        #expect(Self.word(answer) == word, "\(answer)")
        guard word == "delivered" else { return }
        let written = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path))))
        #expect(written["notice"]?["conversation"]?.string == Self.conversation.text)
    }

    @Test("whoever a team calls and nobody can reach is named")
    func unreachable() {
        func expected(_ file: String) -> [String] {
            NoticeTargets.faults(of: Array(file.utf8), file: "notices.yaml", calling: ["anna", "bert"]).map(\.expected)
        }
        #expect(
            expected("targets: {anna: {webhook: \"https://a.test\"}}") == [
                "a target of bert, whom a team calls, or one named default"
            ])
        #expect(expected("targets: {default: {webhook: \"https://a.test\"}}").isEmpty)
        #expect(!expected("targets: {anna: {}}").isEmpty)
    }

    @Test("the files that are shipped are right", arguments: ["cluster/notices.yaml", "ops/notices.example.yaml"])
    func shipped(path: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(contentsOf: root.appending(path: path))
        let targets = try NoticeTargets(text: Array(text), file: path)
        #expect(targets.target(of: "whoever") != nil)
        #expect(targets.linkBase != nil && targets.linkSecret == "notice_link")
    }

    private static func word(_ answer: SendAnswer?) -> String {
        switch answer {
        case .delivered: "delivered"
        case .failed: "failed"
        case .again: "again"
        default: "\(String(describing: answer))"
        }
    }
}
