import Channels
import Contracts
import Conversations
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("Mentions are asked for")
struct MentionFetchTests {
    private static let gram = SandboxAccount(id: "17841400000000001", label: "gram", isInstagram: true, secret: [1])

    /// What a fetch of a mention puts into lanes, and what it came to.
    private static func fetch(
        _ target: String, in post: String, by account: SandboxAccount, _ mentions: [String: SandboxMention]
    ) async throws -> (answer: SendAnswer, events: [Event]) {
        var settings = SandboxTests.settings()
        settings.accounts = [account]
        settings.mentions = mentions
        let held = Mutex<[Event]>([])
        let answer = Mutex<SendAnswer?>(nil)
        try await SandboxTests.run(settings) { url, _, _ in
            var action = GraphFetchTests.action(.mention)
            action.account = account.id
            action.conversation = EntityID.comments(account: account.id, originalPost: post, root: target).text
            action.comment = target
            action.resume = post
            let carrier = GraphCarrier(
                client: MetaClient(
                    base: url + "/v26.0", instagram: url + "/instagram-v26.0", login: { _ in account.login },
                    token: { "token-\($0)" }),
                fetches: FetchDoors(
                    posts: { _ in [] },
                    hold: { events in
                        held.withLock { $0 += events }
                        return true
                    }), channel: { _ in MetaOutbound(channel: account.isInstagram ? .instagram : .facebook) })
            let attempt = Attempt(
                action: action, lane: try LaneName("fi-helsinki.0"), number: 1, deadline: .now + .seconds(60))
            let answered = try await carrier.answer(to: attempt).answer
            answer.withLock { $0 = answered }
        }
        return (try #require(answer.withLock { $0 }), held.withLock { $0 })
    }

    private static let said = SandboxMention(text: "Love my @shop bag!", author: "77", name: "Ana")

    @Test(
        "text and author come back as an event of the mention's own conversation, as far as the platform tells them",
        arguments: [
            ("900_1", "900", false, "77", "Ana"), ("900", "900", false, "77", "Ana"),
            ("17901", "17900", true, "", ""), ("17900", "17900", true, "", "Ana"),
        ])
    func found(target: String, post: String, isInstagram: Bool, author: String, name: String) async throws {
        let account = isInstagram ? Self.gram : SandboxTests.page
        let (answer, events) = try await Self.fetch(target, in: post, by: account, [target: Self.said])
        #expect(answer == .delivered(providerID: ""))
        let event = try #require(events.first)
        #expect(events.count == 1 && event.fetched.text == Self.said.text && event.fetched.target == target)
        #expect(event.contact == author && event.fetched.author == name)
        #expect(try EntityID.of(event) == .comments(account: account.id, originalPost: post, root: target))
    }

    @Test("a mention that is gone, or may not be read, has failed and holds nothing")
    func gone() async throws {
        for account in [SandboxTests.page, Self.gram] {
            let (answer, events) = try await Self.fetch("17901", in: "17900", by: account, [:])
            guard case .failed = answer else {
                Issue.record("expected failed, got \(answer)")
                continue
            }
            #expect(events.isEmpty)
        }
    }
}
