import Channels
import Contracts
import Delivery
import Foundation
import HTTPTypes
import HummingbirdTesting
import Instants
import NIOCore
import Testing

@testable import Sandbox

@Suite("The double counts calls, and knows whose they are")
struct SandboxLimitTests {
    private static let gram = SandboxAccount(id: "17841400000000001", label: "gram", isInstagram: true, secret: [1])

    static func lines(_ ledger: SandboxLedger) throws -> [JSONValue] {
        try String(contentsOfFile: ledger.path, encoding: .utf8).split(separator: "\n").map {
            try JSONValue(parsing: Array($0.utf8))
        }
    }

    private static func action(_ kind: Action.Kind, _ number: UInt64, comment: String = "") -> Action {
        var action = SandboxTests.action(kind, comment: comment)
        action.actionID = ActionID(high: 7, low: number)
        return action
    }

    @Test("in whatever second one looks, no more is taken than the row says; what is refused counts for nothing")
    func rolling() {
        let start = ContinuousClock.now
        let limits = SandboxLimits([SandboxLimit(.sends, most: 10, per: .seconds(1))], start: start)
        var taken: [Int64] = []
        for at in stride(from: Int64(0), to: 5_000, by: 7) {
            let excess = limits.take([.sends], account: SandboxTests.page, app: "a", now: start + .milliseconds(at))
            guard let excess else {
                taken.append(at)
                continue
            }
            #expect(excess.left > .zero && excess.left <= .seconds(2))
        }
        for first in taken { #expect(taken.filter { $0 >= first && $0 < first + 1_000 }.count <= 10) }
        #expect(taken.count >= 45)
    }

    @Test("accounts, kinds and products are counted apart, an app's accounts together; an hour is never counted short")
    func rows() {
        let start = ContinuousClock.now
        let limits = SandboxLimits(
            [
                SandboxLimit(.sends, most: 3, per: .seconds(1), isInstagram: false),
                SandboxLimit(.privateReplies, most: 2, per: .seconds(3_600)),
                SandboxLimit(.app, most: 5, per: .seconds(3_600)),
            ], start: start)
        func take(_ counted: [SandboxLimit.Counted], _ account: SandboxAccount, _ at: Duration) -> Int? {
            limits.take(counted, account: account, app: "a", now: start + at).map(\.limit.most)
        }
        for _ in 0..<3 { #expect(take([.sends], SandboxTests.page, .zero) == nil) }
        #expect(take([.sends], SandboxTests.page, .zero) == 3)
        for _ in 0..<9 { #expect(take([.sends], Self.gram, .zero) == nil) }
        #expect(take([.sends, .privateReplies], Self.gram, .zero) == nil)
        #expect(take([.sends, .privateReplies], Self.gram, .seconds(3_599)) == nil)
        #expect(take([.sends, .privateReplies], Self.gram, .seconds(3_599)) == 2)
        #expect(take([.privateReplies], Self.gram, .seconds(3_607)) == nil, "the first is out by now")
        for number in 0..<6 {
            #expect((take([.app], number % 2 == 0 ? SandboxTests.page : Self.gram, .zero) == nil) == (number < 5))
        }
        #expect(limits.percent(.app, account: Self.gram, app: "a", now: start) == 100)
        #expect(limits.percent(.app, account: Self.gram, app: "b", now: start) == 0)
    }

    @Test("a call beyond the limit brakes the account until calls are taken again, and stands in the ledger")
    func beyond() async throws {
        var settings = SandboxTests.settings()
        settings.limits = [
            SandboxLimit(.sends, most: 2, per: .seconds(600)), SandboxLimit(.page, most: 4, per: .seconds(600)),
        ]
        try await SandboxTests.run(settings) { url, ledger, _ in
            let client = MetaClient(base: url + "/v26.0", token: { "token-\($0)" })
            for number in 1...3 {
                let call = try MetaOutbound(channel: .facebook).request(
                    for: Self.action(.send, UInt64(number)), lane: LaneName("fi-helsinki.0"), at: SandboxTests.now)
                let made = await client.carryOut(
                    call, account: SandboxTests.page.id, kind: .send, attempt: 1, deadline: .seconds(60))
                // The page's own row tells how much of it is used, on every answer.
                #expect(made.usage?.percent == (number < 3 ? number * 25 : 100), "\(number)")
                guard number == 3 else { continue }
                guard case .braked(.account, let time, _) = made.answer else {
                    Issue.record("expected braked, got \(made.answer)")
                    continue
                }
                #expect(time > .seconds(500) && time <= .seconds(602))
            }
            let kinds = try Self.lines(ledger).map { $0["kind"]?.string }
            #expect(kinds == ["send", "send", "over_limit"])
        }
    }

    @Test("private replies: one a comment, for seven days, and no more in an hour than the row says")
    func privateReplies() async throws {
        var settings = SandboxTests.settings()
        settings.limits = [SandboxLimit(.privateReplies, most: 4, per: .seconds(3_600))]
        let posts = SandboxPosts()
        let ages: [(id: String, ago: Int64)] = [("new", 60), ("week", 7 * 86_400), ("old", 7 * 86_400 + 1)]
        for (id, ago) in ages {
            posts.add(
                .init(id: id, contact: "77", text: "?", at: SandboxTests.now - .seconds(ago)), to: "p",
                of: SandboxTests.page.id)
        }
        try await SandboxTests.run(settings, posts: posts) { url, ledger, _ in
            var answers: [String] = []
            for (number, comment) in ["new", "new", "week", "old", "unknown"].enumerated() {
                let action = Self.action(.privateReply, UInt64(number), comment: comment)
                switch try await SandboxTests.carryOut(action, at: url) {
                case .delivered: answers.append("delivered")
                case .failed(let failure): answers.append("failed \(failure.code ?? 0)")
                case .braked: answers.append("braked")
                default: answers.append("other")
                }
            }
            #expect(answers == ["delivered", "failed 10903", "delivered", "failed 10900", "braked"])
            let kinds = try Self.lines(ledger).map { $0["kind"]?.string }
            #expect(
                kinds == [
                    "private_reply", "private_reply_refused", "private_reply", "private_reply_refused", "over_limit",
                ])
        }
    }

    @Test("texts over the channel's length and comments that nobody wrote are refused, and nothing of them is kept")
    func refusals() async throws {
        var settings = SandboxTests.settings()
        settings.refusesUnknownComments = true
        let posts = SandboxPosts()
        posts.add(.init(id: "known", contact: "77", text: "?", at: SandboxTests.now), to: "p", of: SandboxTests.page.id)
        let body: @Sendable (Int) -> ByteBuffer = { count in
            let text: JSONValue = ["text": .string(String(repeating: "👍", count: count / 2))]
            return ByteBuffer(bytes: JSONValue.object(["recipient": ["id": "77"], "message": text]).bytes())
        }
        try await SandboxTests.run(settings, posts: posts) { url, ledger, client in
            let uri = "/v26.0/\(SandboxTests.page.id)/messages"
            let headers: HTTPFields = [.authorization: "Bearer token-\(SandboxTests.page.id)"]
            for (count, status) in [(2_000, 200), (2_002, 400)] {
                let answer = try await client.execute(uri: uri, method: .post, headers: headers, body: body(count))
                #expect(answer.status.code == status)
            }
            for kind in [Action.Kind.reply, .privateReply, .hide, .delete] {
                for (comment, isKnown) in [("known", true), ("nowhere", false)] {
                    let answer = try await SandboxTests.carryOut(Self.action(kind, 9, comment: comment), at: url)
                    if case .delivered = answer { #expect(isKnown, "\(kind)") } else { #expect(!isKnown, "\(kind)") }
                }
            }
            #expect(try Self.lines(ledger).allSatisfy { $0["recipient"] != "nowhere" })
            #expect(ledger.summary.count == 5)
        }
    }

    @Test("a token that the platform refuses gives way to the next of its account, which sends once")
    func rotation() async throws {
        try await SandboxTests.run(SandboxTests.settings()) { url, ledger, _ in
            let call = try MetaOutbound(channel: .facebook).request(
                for: Self.action(.send, 1), lane: LaneName("fi-helsinki.0"), at: SandboxTests.now)
            let good = "token-\(SandboxTests.page.id)"
            for (tokens, isTaken) in [(["gone", good], true), ([good, "gone"], true), (["gone", "too"], false)] {
                let client = MetaClient(base: url + "/v26.0", tokens: { _ in tokens })
                let account = SandboxTests.page.id
                let answer = await client.carryOut(
                    call, account: account, kind: .send, attempt: 1, deadline: .seconds(60)
                ).answer
                switch answer {
                case .delivered: #expect(isTaken, "\(tokens)")
                case .stopAccount(let failure): #expect(!isTaken && failure.code == 190, "\(tokens)")
                default: Issue.record("\(tokens): got \(answer)")
                }
                let told = await client.read(["app"], query: [], account: account, deadline: .seconds(60))
                #expect(told?.status == (isTaken ? 200 : 400))
            }
            #expect(ledger.summary.count == 2)
        }
    }

    @Test("a token that is nobody's, or another page's, does nothing, and each app says its own name")
    func tokens() async throws {
        var settings = SandboxTests.settings()
        settings.accounts.append(Self.gram)
        settings.apps = [Self.gram.id: "7770002"]
        let usual = settings.app
        try await SandboxTests.run(settings) { url, ledger, _ in
            let call = try MetaOutbound(channel: .facebook).request(
                for: Self.action(.send, 1), lane: LaneName("fi-helsinki.0"), at: SandboxTests.now)
            for token in ["wrong", "", "token-\(Self.gram.id)"] {
                let answer = await MetaClient(base: url + "/v26.0", token: { _ in token }).carryOut(
                    call, account: SandboxTests.page.id, kind: .send, attempt: 1, deadline: .seconds(60)
                ).answer
                switch answer {
                case .stopAccount(let failure): #expect(failure.code == 190, "\(token)")
                default: Issue.record("\(token): got \(answer)")
                }
            }
            #expect(ledger.summary.count == 0)
            for (account, app) in [(SandboxTests.page.id, usual), (Self.gram.id, "7770002")] {
                let client = MetaClient(
                    base: url + "/v26.0", instagram: url + "/instagram-v26.0",
                    login: { $0 == Self.gram.id ? .instagram : .page }, token: { "token-\($0)" })
                let told = await client.read(["app"], query: [], account: account, deadline: .seconds(60))
                #expect(told?.document["id"]?.string == app)
            }
        }
    }

    @Test("rows are read as they are written, and stand in place of the platform's")
    func written() throws {
        let row = try #require(SandboxLimit(text: "sends=10/1"))
        #expect(row == SandboxLimit(.sends, most: 10, per: .seconds(1)) && row.text == "sends=10/1")
        for text in [
            "", "sends", "sends=10", "sends=10/0", "sends=0/1", "sends=10/86401", "sends=-1/1", "posts=1/1",
            "sends=1/1/1",
        ] {
            #expect(SandboxLimit(text: text) == nil, "\(text)")
        }
        let rows = SandboxLimit.platform(but: [row])
        #expect(rows.filter { $0.counted == .sends } == [row] && rows.count == SandboxLimit.platform.count - 1)
    }
}
