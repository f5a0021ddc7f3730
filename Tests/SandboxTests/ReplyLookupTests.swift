import Channels
import Contracts
import Delivery
import Sandbox
import Testing

@Suite("Whether a reply stands there already", .timeLimit(.minutes(5)))
struct ReplyLookupTests {
    private static let account = SandboxTests.page.id

    /// A comment whose replies fill so many pages; ours stands on that one.
    private static func platform(pages: Int, own: Int?) -> ScriptedGraph {
        ScriptedGraph { call in
            guard call.method == "GET" else { return ScriptedGraph.Reply(body: #"{"id":"new"}"#) }
            let number = Int(call.query["after"] ?? "") ?? 0
            let author = number == own ? account : "77"
            let paging = #","paging":{"cursors":{"after":"\#(number + 1)"},"next":"more"}"#
            return ScriptedGraph.Reply(
                body: #"{"data":[{"id":"r\#(number)","message":"Hello","text":"Hello","from":{"id":"\#(author)"}}]"#
                    + (number + 1 < pages ? paging : "") + "}")
        }
    }

    private static func action(under root: String, text: String) -> Action {
        var action = Action()
        action.kind = .reply
        action.account = account
        action.comment = "c1"
        action.text = text
        action.conversation = EntityID.comments(account: account, originalPost: "p", root: root).text
        action.actionID = ActionID(high: 5, low: 6)
        return action
    }

    private static func answer(
        _ channel: MetaChannel, _ platform: ScriptedGraph, under root: String = "c1", text: String = "Hello"
    ) async throws -> String {
        let action = action(under: root, text: text)
        let attempt = Attempt(
            action: action, lane: try LaneName("fi-helsinki.0"), number: 2, deadline: .now + .seconds(120),
            earlier: true)
        let (answers, door) = AsyncStream<String>.makeStream()
        try await platform.run { url in
            let carrier = GraphCarrier(
                client: MetaClient(base: url, token: { _ in "token" }),
                channel: { _ in MetaOutbound(channel: channel) })
            switch try await carrier.answer(to: attempt).answer {
            case .delivered(let id): door.yield(id)
            case .ambiguous: door.yield("ambiguous")
            default: door.yield("other")
            }
            door.finish()
        }
        for await answer in answers { return answer }
        return "none"
    }

    @Test("stands under the thread's first comment where replies are flat, trimmed as the platform trims")
    func flat() async throws {
        let platform = ScriptedGraph { call in
            guard call.method == "GET" else { return ScriptedGraph.Reply(body: #"{"id":"new"}"#) }
            let own = #"{"id":"ours","message":"Hello","from":{"id":"\#(Self.account)"}}"#
            return ScriptedGraph.Reply(body: #"{"data":[\#(call.path == "/top/comments" ? own : "")]}"#)
        }
        #expect(try await Self.answer(.facebook, platform, under: "top", text: " Hello\n") == "ours")
        #expect(platform.calls.map(\.path) == ["/c1/comments", "/top/comments"])
        #expect(try await Self.answer(.facebook, platform, under: "other", text: "Hello") == "new")
    }

    @Test(
        "is read on page by page; beyond a thousand replies nobody can tell, and nothing is said twice",
        arguments: MetaChannel.allCases)
    func pages(channel: MetaChannel) async throws {
        for (pages, own, expected, calls) in [
            (1, 0, "r0", 1), (3, 2, "r2", 3), (3, nil, "new", 4), (10, 9, "r9", 10), (12, 11, "ambiguous", 10),
        ] as [(Int, Int?, String, Int)] {
            let platform = Self.platform(pages: pages, own: own)
            let answer = try await Self.answer(channel, platform)
            #expect(answer == expected, "\(pages) pages")
            #expect(platform.calls.count == calls, "\(pages) pages")
        }
    }

    @Test(
        "is found at the platform's double too, where one to a reply stands below the thread's first comment",
        arguments: MetaChannel.allCases)
    func doubles(channel: MetaChannel) async throws {
        let posts = SandboxPosts()
        posts.add(.init(id: "top", contact: "77", text: "?", at: SandboxTests.now), to: "p", of: Self.account)
        posts.add(
            .init(id: "c1", contact: "77", text: "?", at: SandboxTests.now, parent: "top"), to: "p", of: Self.account)
        try await SandboxTests.run(SandboxTests.settings(), posts: posts) { url, ledger, _ in
            var ids: [String] = []
            for (number, text) in [(1, "Hello"), (2, "Hello"), (3, "Goodbye")] {
                let action = Self.action(under: "top", text: text)
                let attempt = Attempt(
                    action: action, lane: try LaneName("fi-helsinki.0"), number: UInt32(number),
                    deadline: .now + .seconds(120), earlier: number > 1)
                let carrier = GraphCarrier(
                    client: MetaClient(base: url + "/v26.0", token: { "token-\($0)" }),
                    channel: { _ in MetaOutbound(channel: channel) })
                guard case .delivered(let id) = try await carrier.answer(to: attempt).answer else {
                    Issue.record("expected the reply \(number) to stand")
                    continue
                }
                ids.append(id)
            }
            #expect(ids.count == 3 && ids[0] == ids[1] && ids[1] != ids[2])
            #expect(ledger.summary.count == 2)
        }
    }
}
