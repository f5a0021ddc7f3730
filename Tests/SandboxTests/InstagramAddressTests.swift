import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("Instagram accounts are called where the platform takes it")
struct InstagramAddressTests {
    private static let page = SandboxTests.page
    private static let id = "17841400000000001"
    static let logins: [MetaLogin] = [.linkedPage(page.id), .instagram]

    private static func settings(_ login: MetaLogin) -> SandboxSettings {
        var settings = SandboxTests.settings()
        settings.accounts.append(
            SandboxAccount(id: id, label: "gram", isInstagram: true, login: login, secret: page.secret))
        return settings
    }

    private static func client(_ url: String, _ login: MetaLogin) -> MetaClient {
        MetaClient(
            base: url + "/v26.0", instagram: url + "/instagram-v26.0", login: { $0 == id ? login : .page },
            token: { "token-\($0)" })
    }

    private static func action(_ kind: Action.Kind, _ account: String = id, comment: String = "") -> Action {
        var action = SandboxTests.action(kind, comment: comment)
        action.account = account
        return action
    }

    /// What attempts by the carrier came to, one behind the other.
    private static func carryOut(
        _ actions: [Action], _ client: MetaClient, _ doors: FetchDoors? = nil, number: UInt32 = 1
    ) async throws -> [SendAnswer] {
        var answered: [SendAnswer] = []
        for action in actions {
            let carrier = GraphCarrier(client: client, fetches: doors) {
                MetaOutbound(channel: $0 == id ? .instagram : .facebook)
            }
            let attempt = Attempt(
                action: action, lane: try LaneName("fi-helsinki.0"), number: number, deadline: .now + .seconds(60))
            answered.append(try await carrier.answer(to: attempt).answer)
        }
        return answered
    }

    private static func isDelivered(_ answer: SendAnswer) -> Bool {
        if case .delivered = answer { true } else { false }
    }

    @Test("messages, private replies, replies and moderation are taken by either login", arguments: logins)
    func calls(login: MetaLogin) async throws {
        let (posts, messages) = (SandboxPosts(), SandboxMessages())
        posts.add(.init(id: "17901", contact: "77", text: "?", at: SandboxTests.now), to: "17900", of: Self.id)
        messages.add(.init(id: "m1", text: "Hi", at: SandboxTests.now), account: Self.id, contact: "77")
        try await SandboxTests.run(Self.settings(login), posts: posts, messages: messages) { url, ledger, _ in
            let actions = [
                Self.action(.send), Self.action(.senderAction), Self.action(.privateReply, comment: "17901"),
                Self.action(.reply, comment: "17901"), Self.action(.hide, comment: "17901"),
            ]
            let answers = try await Self.carryOut(actions, Self.client(url, login))
            #expect(answers.allSatisfy(Self.isDelivered), "\(answers)")
            let lines = try SandboxLimitTests.lines(ledger)
            #expect(lines.map { $0["kind"]?.string } == ["send", "sender_action", "private_reply", "reply", "hide"])
            #expect(lines.allSatisfy { $0["account"]?.string == Self.id })
        }
    }

    @Test("the page beside a linked account keeps its own contacts")
    func pageBeside() async throws {
        let login = MetaLogin.linkedPage(Self.page.id)
        let messages = SandboxMessages()
        messages.add(.init(id: "m1", text: "Hi", at: SandboxTests.now), account: Self.page.id, contact: "77")
        try await SandboxTests.run(Self.settings(login), messages: messages) { url, ledger, _ in
            let answers = try await Self.carryOut([Self.action(.send, Self.page.id)], Self.client(url, login))
            #expect(answers.allSatisfy(Self.isDelivered), "\(answers)")
            #expect(try SandboxLimitTests.lines(ledger).map { $0["account"]?.string } == [Self.page.id])
        }
    }

    @Test("a call at the Instagram account's own id on Facebook's host stops the account and blames no contact")
    func wrongNode() async throws {
        let linked = MetaLogin.linkedPage(Self.page.id)
        try await SandboxTests.run(Self.settings(linked)) { url, ledger, _ in
            let wrong = MetaClient(base: url + "/v26.0", token: { _ in "token-\(Self.page.id)" })
            for number: UInt32 in 1...3 {
                let answer = try #require(
                    try await Self.carryOut([Self.action(.send)], wrong, number: number).first)
                switch answer {
                case .again(_, let failure), .stopAccount(let failure):
                    #expect(failure.code == 100 && failure.subcode == 33 && failure.names(Self.id))
                    #expect(!MetaErrorTable.isUnreachable(failure, contact: "77"))
                default: Issue.record("got \(answer)")
                }
                if case .stopAccount = answer { #expect(number == 3) } else { #expect(number < 3) }
            }
            #expect(ledger.summary.count == 0)
        }
    }

    @Test("a token of one host is nobody's at the other")
    func otherHost() async throws {
        try await SandboxTests.run(Self.settings(.instagram)) { url, _, _ in
            let wrong = MetaClient(base: url + "/v26.0", token: { "token-\($0)" })
            guard case .stopAccount(let failure) = try await Self.carryOut([Self.action(.send)], wrong).first else {
                Issue.record("expected stopped")
                return
            }
            #expect(failure.code == 190)
        }
    }

    @Test("conversations, comments and webhooks are read by either login, and ice breakers written", arguments: logins)
    func reads(login: MetaLogin) async throws {
        let (posts, messages) = (SandboxPosts(), SandboxMessages())
        let at = SandboxTests.now - .seconds(600)
        posts.add(.init(id: "17901", contact: "77", text: "?", at: at), to: "17900", of: Self.id)
        messages.add(.init(id: "m1", text: "Hi", at: at), account: Self.id, contact: "77")
        messages.add(.init(id: "m2", text: "Hei", at: at), account: Self.page.id, contact: "78")
        let held = Mutex<[Event]>([])
        let doors = FetchDoors(
            posts: { _ in [] },
            hold: { events in
                held.withLock { $0 += events }
                return true
            })
        try await SandboxTests.run(Self.settings(login), posts: posts, messages: messages) { url, _, _ in
            let client = Self.client(url, login)
            let actions = [FetchSubject.messages, .comments, .subscriptions, .subscriptions].map { subject in
                var action = GraphFetchTests.action(subject)
                action.account = Self.id
                action.conversation = EntityID.watch(of: Self.id).text
                return action
            }
            let answers = try await Self.carryOut(actions, client, doors)
            #expect(answers.allSatisfy(Self.isDelivered), "\(answers)")
            let wish = IceBreakers(["default": [.init(text: "Where?", payload: "P")]])
            let sync = IceBreakerSync(client: client)
            #expect(await sync.bring(wish, to: Self.id, .instagram) == .pushed(["default"]))
            #expect(await sync.bring(wish, to: Self.id, .instagram) == .same)
            #expect(await sync.bring(wish, to: Self.page.id, .facebook, writing: .never) == .differs(["default"]))
        }
        let events = held.withLock { $0 }
        #expect(events.filter(\.swept).map(\.contact) == ["77", "77"])
        let told = events.compactMap { if case .fetched(let fetched) = $0.kind { fetched } else { nil } }
        let missing = AccountInspection.neededFields(.instagram, login).filter {
            !AccountInspection.youngFields.contains($0)
        }
        #expect(told.suffix(2).map(\.text) == [missing.joined(separator: " "), ""])
        #expect(told.suffix(2).map(\.restored) == [true, false])
    }

    @Test("all pages of a comment's answers are read, and an own word on the last of them counts")
    func manyReplies() async throws {
        let posts = SandboxPosts()
        func add(_ id: String, ago: Int64, by contact: String = "77", under parent: String? = "root") {
            let at = SandboxTests.now - .seconds(ago)
            posts.add(.init(id: id, contact: contact, text: "?", at: at, parent: parent), to: "17900", of: Self.id)
        }
        add("root", ago: 3_000, under: nil)
        for number in 0..<60 { add("reply\(number)", ago: 2_000 - Int64(number)) }
        add("own", ago: 1_000, by: Self.id)
        add("late", ago: 900)
        let lanes = GraphFetchTests.Lanes()
        try await SandboxTests.run(Self.settings(.instagram), posts: posts) { url, _, _ in
            var action = GraphFetchTests.action(.comments)
            action.account = Self.id
            action.conversation = EntityID.watch(of: Self.id).text
            let answers = try await Self.carryOut([action], Self.client(url, .instagram), lanes.doors)
            #expect(answers.allSatisfy(Self.isDelivered), "\(answers)")
        }
        let found = lanes.comments.map(\.comment)
        #expect(Set(found.map(\.id)) == Set(["root", "late"] + (0..<60).map { "reply\($0)" }))
        #expect(found.filter { !$0.answeredSince }.map(\.id) == ["late"])
        #expect(found.filter { $0.id != "root" }.allSatisfy { $0.parent == "root" })
    }

    @Test("an account that is set up has nothing at fault; a page that is linked to another is", arguments: logins)
    func inspection(login: MetaLogin) async throws {
        var settings = Self.settings(login)
        settings.permissions = AccountInspection.neededPermissions(.instagram, login)
        settings.subscribedFields = AccountInspection.neededFields(.instagram, login)
        let seen = settings
        try await SandboxTests.run(seen) { url, _, _ in
            let findings = await AccountInspection(client: Self.client(url, login)).findings(
                account: Self.id, channel: .instagram)
            #expect(findings.map(\.name) == ["token", "permissions", "subscribed_fields", "routing"])
            #expect(findings.filter { $0.standing == .fault } == [])
            guard case .linkedPage = login else { return }
            let other = MetaClient(base: url + "/v26.0", login: { _ in login }, token: { "token-\($0)" })
            let fault = await AccountInspection(client: other).findings(account: "999", channel: .instagram)
            #expect(fault.map(\.standing) == [.fault] && fault.first?.detail.contains("another account") == true)
        }
    }
}
