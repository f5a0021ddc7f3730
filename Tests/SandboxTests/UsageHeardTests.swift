import Channels
import Contracts
import Delivery
import Instants
import Synchronization
import Testing

@Suite("What every answer says of the platform's limits", .timeLimit(.minutes(5)))
struct UsageHeardTests {
    private static let account = GraphFetchTests.account
    private static let throttled = ["x-app-usage": #"{"call_count":96,"total_time":1,"total_cputime":1}"#]

    /// How many answers a carrier's attempt told of.
    private static func told(_ action: Action, _ platform: ScriptedGraph, earlier: Bool? = nil) async throws -> Int {
        let heard = Mutex<[Int]>([])
        let lanes = GraphFetchTests.Lanes()
        let doors = FetchDoors(
            posts: lanes.doors.posts, hold: lanes.doors.hold,
            iceBreakers: { _ in IceBreakers(["default": [.init(text: "Where is my order?", payload: "order")]]) })
        try await platform.run { url in
            let carrier = GraphCarrier(
                client: MetaClient(base: url, token: { _ in "token" }), fetches: doors, pause: { _ in },
                channel: { _ in MetaOutbound(channel: .facebook) })
            var attempt = Attempt(
                action: action, lane: try LaneName("fi-helsinki.0"), number: earlier == nil ? 1 : 2,
                deadline: .now + .seconds(60), earlier: earlier)
            attempt.heard = { usage in heard.withLock { $0.append(usage.percent) } }
            _ = try await carrier.answer(to: attempt)
        }
        let all = heard.withLock { $0 }
        #expect(all.allSatisfy { $0 == 96 })
        return all.count
    }

    @Test(
        "is told for each call of a fetch, of the webhooks' look and of the ice breakers",
        arguments: FetchSubject.allCases)
    func fetches(subject: FetchSubject) async throws {
        let platform = ScriptedGraph { call in
            let body = call.path == "/\(Self.account)/feed" ? #"{"data":[{"id":"post"}]}"# : #"{"data":[]}"#
            return ScriptedGraph.Reply(headers: Self.throttled, body: body)
        }
        var action = GraphFetchTests.action(subject)
        action.contact = "77"
        action.comment = "c1"
        action.resume = "post"
        if subject == .comments || subject == .messages { action.resume = "" }
        let told = try await Self.told(action, platform)
        #expect(told == platform.calls.count && told > 0)
        if subject == .subscriptions { #expect(platform.calls(of: "/\(Self.account)/messenger_profile") > 0) }
    }

    @Test("is told for the look at a comment's replies, an error's answer and a refused token's included")
    func lookup() async throws {
        let platform = ScriptedGraph { call in
            var reply = ScriptedGraph.Reply(headers: Self.throttled, body: #"{"data":[]}"#)
            if call.method == "POST" { reply = .error(400, code: 100, headers: Self.throttled) }
            return reply
        }
        var action = Action()
        action.kind = .reply
        action.account = Self.account
        action.comment = "c1"
        action.text = "Hello"
        action.actionID = ActionID(high: 5, low: 6)
        #expect(try await Self.told(action, platform, earlier: true) == 2)
        #expect(platform.calls.map(\.method) == ["GET", "POST"])
    }

    @Test("of a command's own calls is told to the workers, where it stops anything")
    func commands() async throws {
        let percent = Mutex(80)
        let platform = ScriptedGraph { _ in
            let usage = #"{"call_count":\#(percent.withLock { $0 })}"#
            return ScriptedGraph.Reply(headers: ["x-app-usage": usage], body: #"{"id":"\#(Self.account)"}"#)
        }
        try await platform.run { url in
            let notes = UsageNotes()
            let client = notes.hearing(MetaClient(base: url, token: { _ in "token" }))
            let inspection = AccountInspection(client: client)
            _ = await inspection.findings(account: Self.account, channel: .facebook)
            #expect(notes.brakes.isEmpty)
            percent.withLock { $0 = 96 }
            _ = await inspection.findings(account: Self.account, channel: .facebook)
            #expect(notes.brakes.map(\.account) == [Self.account])
            #expect(notes.brakes.first?.brake.lets == Urgency(.promiseNear).rank)
        }
    }
}
