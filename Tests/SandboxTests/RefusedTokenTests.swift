import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("Access tokens that the platform refuses", .timeLimit(.minutes(5)))
struct RefusedTokenTests {
    private static let account = SandboxTests.page.id

    /// Refuses these tokens.
    private static func platform(_ refused: Set<String>) -> ScriptedGraph {
        ScriptedGraph { call in
            refused.contains(call.token)
                ? .error(401, code: 190) : ScriptedGraph.Reply(body: #"{"id":"\#(Self.account)","name":"shop"}"#)
        }
    }

    @Test("are tried last for some minutes, and are said once, by their place")
    func remembered() async throws {
        let told = Mutex<[MetaClient.RefusedToken]>([])
        let platform = Self.platform(["new-s3cret"])
        try await platform.run { url in
            let client = MetaClient(
                base: url, tokens: { _ in ["new-s3cret", "old-s3cret"] },
                onRefusal: { one in told.withLock { $0.append(one) } })
            for _ in 0..<4 {
                // Each attempt has a copy of the client.
                let made = await client.telling { _, _ in }.fetch(
                    MetaRead([Self.account]), account: Self.account, attempt: 1, deadline: .seconds(60))
                #expect(made.document != nil)
            }
        }
        #expect(platform.calls.map(\.token) == ["new-s3cret"] + Array(repeating: "old-s3cret", count: 4))
        let all = told.withLock { $0 }
        #expect(all.map(\.place) == [1] && all.map(\.count) == [2] && all.map(\.holder) == [Self.account])
    }

    @Test("are all tried where none is accepted, and the refusal is the account's")
    func allRefused() async throws {
        let platform = Self.platform(["a", "b"])
        try await platform.run { url in
            let client = MetaClient(base: url, tokens: { _ in ["a", "b"] })
            for _ in 0..<2 {
                let made = await client.fetch(
                    MetaRead([Self.account]), account: Self.account, attempt: 1, deadline: .seconds(60))
                guard case .stopAccount = made.answer else {
                    Issue.record("expected stop, got \(made.answer)")
                    return
                }
            }
        }
        #expect(platform.calls.map(\.token) == ["a", "b", "a", "b"])
    }

    @Test(
        "are named by accounts check, each for itself, and none is shown",
        arguments: [["new-s3cret"], ["old-s3cret"], []])
    func checked(refused: [String]) async throws {
        let platform = Self.platform(Set(refused))
        try await platform.run { url in
            let client = MetaClient(base: url, tokens: { _ in ["new-s3cret", "old-s3cret"] })
            let findings = await AccountInspection(client: client).findings(account: Self.account, channel: .facebook)
            let finding = try #require(findings.first { $0.name == "tokens" })
            #expect(finding.standing == (refused.isEmpty ? .ok : .fault))
            let words = ["new-s3cret": "refuses 1 (the newest)", "old-s3cret": "refuses 2"]
            #expect(finding.detail.hasSuffix(refused.first.flatMap { words[$0] } ?? "all 2 are taken"))
            #expect(!"\(findings)".contains("s3cret"))
            #expect(findings.first { $0.name == "token" }?.standing == .ok)
        }
    }
}
