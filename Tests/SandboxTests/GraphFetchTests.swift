import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("Fetches against the platform's double")
struct GraphFetchTests {
    static let now = SandboxTests.now
    static let account = SandboxTests.page.id

    /// What a worker would have put into lanes.
    final class Lanes: Sendable {
        let held = Mutex<[Event]>([])
        let known: [FetchDoors.Post]

        init(known: [FetchDoors.Post] = []) { self.known = known }

        var doors: FetchDoors {
            FetchDoors(
                posts: { _ in self.known },
                hold: { events in
                    self.held.withLock { $0 += events }
                    return true
                })
        }

        var comments: [Event] { held.withLock { $0.filter { $0.swept } } }
        var fetched: [Fetched] {
            held.withLock { events in
                events.compactMap { if case .fetched(let fetched) = $0.kind { fetched } else { nil } }
            }
        }
    }

    static func action(_ subject: FetchSubject, since: Duration = .seconds(3_600)) -> Action {
        var action = Action()
        action.kind = .fetch
        action.account = account
        action.conversation = EntityID.watch(of: account).text
        action.subject = subject.rawValue
        action.decidedAt = now.milliseconds
        action.since = (now - since).milliseconds
        action.until = (now - .seconds(60)).milliseconds
        action.actionID = ActionID(high: 5, low: 6)
        return action
    }

    /// One attempt by the carrier itself, as the courier makes it.
    static func carryOut(
        _ action: Action, at url: String, _ doors: FetchDoors, token: String = "token-\(account)",
        laneNow: Instant? = nil
    ) async throws -> Answered {
        let carrier = GraphCarrier(
            client: MetaClient(base: url + "/v26.0", token: { _ in token }), fetches: doors,
            channel: { _ in MetaOutbound(channel: .facebook) })
        return try await carrier.answer(
            to: Attempt(
                action: action, lane: try LaneName("fi-helsinki.0"), number: 1, deadline: .now + .seconds(60),
                laneNow: laneNow))
    }

    static func carryOut(_ action: Action, at url: String, _ lanes: Lanes) async throws -> Answered {
        try await carryOut(action, at: url, lanes.doors)
    }

    static func carryOut(_ action: Action, at url: String, laneNow: Instant) async throws -> Answered {
        try await carryOut(action, at: url, Lanes().doors, laneNow: laneNow)
    }

    private static func comment(_ number: Int, ago: Int64, by contact: String = "77") -> SandboxPosts.Comment {
        SandboxPosts.Comment(
            id: "900_\(number)", contact: contact, text: "how much? \(number)", at: now - .seconds(ago))
    }

    @Test("a sweep finds, page by page and post by post, what is in its time, as the events of webhooks")
    func comments() async throws {
        let posts = SandboxPosts()
        for number in 0..<250 { posts.add(Self.comment(number, ago: 100 + Int64(number)), to: "900", of: Self.account) }
        posts.add(Self.comment(300, ago: 10), to: "900", of: Self.account)
        posts.add(Self.comment(301, ago: 9_000), to: "900", of: Self.account)
        posts.add(Self.comment(302, ago: 200, by: Self.account), to: "900", of: Self.account)
        posts.add(Self.comment(303, ago: 200), to: "901", of: Self.account, isAd: true)
        let lanes = Lanes(known: [.init(id: "901", original: "900"), .init(id: "gone")])
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, _, _ in
            let answered = try await Self.carryOut(Self.action(.comments), at: url, lanes)
            #expect(answered.answer == .delivered(providerID: ""))
        }
        #expect(lanes.comments.count == 251)
        #expect(lanes.fetched.map(\.found) == [251])
        #expect(lanes.fetched.first?.until == (Self.now - .seconds(60)).milliseconds)
        #expect(lanes.comments.first { $0.comment.post == "901" }?.comment.originalPost == "900")

        // The webhook of the same comment is the same event.
        let one = try #require(lanes.comments.first { $0.comment.id == "900_7" })
        let body = WebhookBodies.body(
            account: Self.account, isInstagram: false, at: Self.now,
            [
                WebhookBodies.comment(
                    isInstagram: false, contact: "77", id: "900_7", post: "900", text: "how much? 7",
                    at: Self.now - .seconds(107))
            ])
        let told = try MetaNormaliser(knows: { _ in true }).normalise(body, received: Self.now).events.first?.event
        #expect(told?.id == one.id && told?.contact == one.contact && told?.happenedAt == one.happenedAt)
        #expect(told?.comment.parent == one.comment.parent && told?.comment.text == one.comment.text)
    }

    @Test("direct messages are found page by page back to the start of the gap, as the events of webhooks")
    func messages() async throws {
        let messages = SandboxMessages()
        for number in 0..<60 {
            messages.add(
                .init(id: "m_\(number)", text: "how much? \(number)", at: Self.now - .seconds(100 + Int64(number))),
                account: Self.account, contact: "c\(number)")
        }
        // Before the gap, too young, the account's own, and one that was answered.
        messages.add(
            .init(id: "m_old", text: "?", at: Self.now - .seconds(9_000)), account: Self.account, contact: "old")
        messages.add(.init(id: "m_new", text: "?", at: Self.now - .seconds(10)), account: Self.account, contact: "c1")
        messages.add(
            .init(id: "m_own", text: "!", at: Self.now - .seconds(90), isOwn: true), account: Self.account,
            contact: "c2")
        let lanes = Lanes()
        try await SandboxTests.run(SandboxTests.settings(), messages: messages) { url, _, _ in
            let answered = try await Self.carryOut(Self.action(.messages), at: url, lanes)
            #expect(answered.answer == .delivered(providerID: ""))
        }
        #expect(Set(lanes.comments.map(\.id)) == Set((0..<60).map { "dm:m_\($0)" }))
        #expect(lanes.fetched.map(\.found) == [60])
        #expect(lanes.fetched.first?.until == (Self.now - .seconds(60)).milliseconds)
        #expect(lanes.comments.filter(\.message.answeredSince).map(\.contact) == ["c2"])

        let one = try #require(lanes.comments.first { $0.contact == "c7" })
        let update = WebhookBodies.message(
            account: Self.account, contact: "c7", id: "m_7", text: "how much? 7", at: Self.now - .seconds(107))
        let body = WebhookBodies.body(account: Self.account, isInstagram: false, at: Self.now, [update])
        let told = try MetaNormaliser(knows: { _ in true }).normalise(body, received: Self.now).events.first?.event
        #expect(told?.id == one.id && told?.contact == one.contact && told?.happenedAt == one.happenedAt)
        #expect(told?.message.text == one.message.text)
    }

    @Test("a sweep of messages goes on behind the page that it is told")
    func resumed() async throws {
        let messages = SandboxMessages()
        for number in 0..<30 {
            messages.add(
                .init(id: "m_\(number)", text: "?", at: Self.now - .seconds(100 + Int64(number))),
                account: Self.account, contact: "c\(number)")
        }
        let lanes = Lanes()
        try await SandboxTests.run(SandboxTests.settings(), messages: messages) { url, _, _ in
            var action = Self.action(.messages)
            action.resume = "25"
            _ = try await Self.carryOut(action, at: url, lanes)
        }
        #expect(lanes.comments.count == 5)
        #expect(lanes.fetched.first?.until != 0)
    }

    @Test("a throttled sweep brakes the account and says nothing of its end")
    func throttled() async throws {
        var settings = SandboxTests.settings()
        settings.faults = [SandboxFault(perMille: 1_000, .refuse(status: 400, code: 613))]
        let lanes = Lanes(known: [.init(id: "900")])
        try await SandboxTests.run(settings) { url, _, _ in
            let answered = try await Self.carryOut(Self.action(.comments), at: url, lanes)
            guard case .braked(.account, _, _) = answered.answer else {
                Issue.record("expected braked, got \(answered.answer)")
                return
            }
        }
        #expect(lanes.fetched.isEmpty)
    }

    @Test("a profile is read, and one that the platform does not tell is final")
    func profile() async throws {
        var settings = SandboxTests.settings()
        settings.profile = { contact in
            contact == "77" ? SandboxProfile(firstName: "Ana", locale: "vi_VN", timezone: 7) : nil
        }
        let lanes = Lanes()
        try await SandboxTests.run(settings) { url, _, _ in
            var action = Self.action(.profile)
            action.contact = "77"
            #expect(try await Self.carryOut(action, at: url, lanes).answer == .delivered(providerID: ""))
            action.contact = "78"
            guard case .failed = try await Self.carryOut(action, at: url, lanes).answer else {
                Issue.record("expected failed")
                return
            }
        }
        let fetched = try #require(lanes.fetched.first)
        #expect(fetched.author == "Ana" && fetched.locale == "vi_VN" && fetched.utcOffset == "420")
    }

    @Test("webhook fields that do not come are subscribed again and named")
    func subscriptions() async throws {
        var settings = SandboxTests.settings()
        settings.subscribedFields = AccountInspection.neededFields(.facebook).filter { $0 != "feed" }
        let lanes = Lanes()
        try await SandboxTests.run(settings) { url, _, _ in
            for _ in 0..<2 { _ = try await Self.carryOut(Self.action(.subscriptions), at: url, lanes) }
        }
        #expect(lanes.fetched.map(\.text) == ["feed", ""])
        #expect(lanes.fetched.map(\.restored) == [true, false])
    }

    @Test(
        "a look at the webhooks that is refused fails, and tells the account's own entity why",
        arguments: [10, 100, 200])
    func lookRefused(code: Int64) async throws {
        var settings = SandboxTests.settings()
        settings.lookRefusal = code
        let lanes = Lanes()
        try await SandboxTests.run(settings) { url, _, _ in
            let answered = try await Self.carryOut(Self.action(.subscriptions), at: url, lanes)
            guard case .failed = answered.answer else {
                Issue.record("expected failed, got \(answered.answer)")
                return
            }
        }
        #expect(lanes.fetched.map(\.refused) == [true])
        #expect(lanes.fetched.first?.text.contains("code \(code)") == true)
    }

    @Test("our app's fields are subscribed again beside another app's, and what was added by hand stays")
    func otherApp() async throws {
        var settings = SandboxTests.settings()
        let needed = AccountInspection.neededFields(.facebook)
        settings.otherAppsFields = needed
        settings.subscribedFields = ["feed", "leadgen"]
        let app = settings.app
        let lanes = Lanes()
        try await SandboxTests.run(settings) { url, _, _ in
            let doors = FetchDoors(
                posts: lanes.doors.posts, hold: lanes.doors.hold, app: { _ in app })
            for _ in 0..<2 { _ = try await Self.carryOut(Self.action(.subscriptions), at: url, doors) }
            let client = MetaClient(base: url + "/v26.0", token: { _ in "token-\(Self.account)" })
            let (_, document) = try #require(
                await client.read(
                    [Self.account, "subscribed_apps"], query: [], account: Self.account, deadline: .seconds(60)))
            let ours = document["data"]?.array?.last?["subscribed_fields"]?.array?.compactMap(\.string) ?? []
            #expect(Set(ours) == Set(needed + ["leadgen"]))
        }
        let told = needed.filter { $0 != "feed" && !AccountInspection.youngFields.contains($0) }
        #expect(lanes.fetched.map(\.text) == [told.joined(separator: " "), ""])
    }

    @Test(
        "without a word whose app is ours, the platform is asked, and where it does not say nothing counts or is written"
    )
    func unknownApp() async throws {
        for tells in [true, false] {
            var settings = SandboxTests.settings()
            settings.otherAppsFields = AccountInspection.neededFields(.facebook)
            settings.tellsApp = tells
            let lanes = Lanes()
            try await SandboxTests.run(settings) { url, _, _ in
                for _ in 0..<2 { _ = try await Self.carryOut(Self.action(.subscriptions), at: url, lanes) }
            }
            #expect(lanes.fetched.map(\.unsure) == [!tells, !tells])
            #expect(lanes.fetched.map(\.restored) == [tells, false])
        }
    }

    @Test("one word that the platform does not know keeps nothing else from coming")
    func unknownField() async throws {
        var settings = SandboxTests.settings()
        settings.unknownFields = ["messaging_policy_enforcement"]
        let lanes = Lanes()
        try await SandboxTests.run(settings) { url, _, _ in
            for _ in 0..<2 { _ = try await Self.carryOut(Self.action(.subscriptions), at: url, lanes) }
        }
        #expect(lanes.fetched.map(\.restored) == [false, false])
        #expect(
            lanes.fetched.last?.text.split(separator: " ").allSatisfy {
                AccountInspection.youngFields.contains(String($0))
            } == true)
    }
}
