import Channels
import Contracts
import Testing

@Suite("From an answer to an outcome")
struct SendAnswerTests {
    static func word(_ answer: SendAnswer) -> String {
        switch answer {
        case .delivered(let id): "delivered \(id)"
        case .failed: "failed"
        case .again(let after, _): "again \(after.components.seconds)"
        case .ambiguous: "ambiguous"
        case .windowClosed: "window_closed"
        case .stopAccount: "stop"
        case .braked(let scope, let time, _): "brake \(scope.rawValue) \(time.components.seconds)"
        }
    }

    static let errors: [String: String] = [
        "rate_app": "brake app 60", "rate_page": "brake account 60", "rate_custom": "brake account 60",
        "rate_business_use_case": "brake account 60", "window_closed": "window_closed", "token_invalid": "stop",
        "person_unavailable": "failed", "no_matching_user": "failed", "private_reply_used": "failed",
        "comment_gone": "failed", "temporary": "again 2", "unknown_code": "failed", "policy_block": "stop",
    ]

    @Test("every error of the platform's table has its outcome")
    func table() throws {
        let rows = try #require(try JSONValue(parsing: Fixture.bytes("meta_errors.json")).array)
        #expect(Set(rows.compactMap { $0["name"]?.string }) == Set(Self.errors.keys))
        for row in rows {
            let name = try #require(row["name"]?.string)
            let answer = MetaAnswer(
                status: Int(try #require(row["http"]?.integer)), body: try #require(row["body"]).bytes())
            #expect(Self.word(answer.outcome(of: .send, attempt: 1)) == Self.errors[name], "\(name)")
        }
    }

    @Test(
        "success names the platform's id",
        arguments: [
            (Action.Kind.send, #"{"recipient_id":"1","message_id":"m_1"}"#, "delivered m_1"),
            (.privateReply, #"{"message_id":"m_1"}"#, "delivered m_1"), (.reply, #"{"id":"9_1"}"#, "delivered 9_1"),
            (.hide, #"{"success":true}"#, "delivered "), (.delete, #"{"success":false}"#, "failed"),
            (.send, "{}", "ambiguous"), (.send, "<html>", "ambiguous"), (.send, "", "ambiguous"),
        ])
    func success(kind: Action.Kind, body: String, expected: String) {
        #expect(Self.word(MetaAnswer(status: 200, body: Array(body.utf8)).outcome(of: kind, attempt: 1)) == expected)
    }

    @Test("without a clear answer a text is ambiguous, and what may be done twice is tried again five times")
    func unclear() {
        let answer = MetaAnswer(status: 502, body: Array("Bad gateway".utf8))
        #expect(Self.word(answer.outcome(of: .send, attempt: 1)) == "ambiguous")
        #expect(Self.word(answer.outcome(of: .hide, attempt: 1)) == "again 2")
        #expect(Self.word(answer.outcome(of: .hide, attempt: 5)) == "failed")
        func lost(_ gone: Bool) -> String {
            Self.word(
                MetaAnswer.outcomeWithoutAnswer(of: .send, attempt: 1, requestMayHaveGone: gone, reason: "deadline"))
        }
        #expect(lost(true) == "ambiguous")
        #expect(lost(false) == "again 1")
    }

    @Test("what a read meets stops no account, but for a token or a standing that is gone")
    func reads() {
        func answer(_ code: Int64, _ attempt: Int) -> String {
            let body: JSONValue = ["error": ["code": .integer(code), "message": "x"]]
            return Self.word(MetaAnswer(status: 500, body: body.bytes()).outcome(of: .fetch, attempt: attempt))
        }
        #expect(answer(1, 1).hasPrefix("again") && answer(1, 4) == "failed")
        #expect(answer(190, 1) == "stop" && answer(368, 1) == "stop")
    }

    @Test("tries of a row are used up, with twice the delay each time")
    func retries() {
        func answer(_ code: Int64, _ attempt: Int) -> String {
            let body: JSONValue = ["error": ["code": .integer(code), "message": "x"]]
            return Self.word(MetaAnswer(status: 500, body: body.bytes()).outcome(of: .send, attempt: attempt))
        }
        #expect((1...5).map { answer(1_200, $0) } == ["again 2", "again 4", "again 8", "again 16", "failed"])
        #expect((1...4).map { answer(2, $0) } == ["again 10", "again 20", "again 40", "failed"])
        #expect((1...3).map { answer(1, $0) } == ["again 2", "again 4", "stop"])
        #expect(MetaErrorTable.delay(.seconds(2), 1_000) == MetaErrorTable.longestDelay)
    }

    @Test("a private reply that was used up by an earlier attempt of ours is delivered")
    func usedUp() {
        let body: JSONValue = ["error": ["code": 10_903]]
        let answer = MetaAnswer(status: 400, body: body.bytes())
        #expect(Self.word(answer.outcome(of: .privateReply, attempt: 1)) == "failed")
        #expect(Self.word(answer.outcome(of: .privateReply, attempt: 2)) == "delivered ")
    }

    @Test("a brake lasts as long as the platform says")
    func regain() {
        let usage = #"{"1":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}"#
        let body: JSONValue = ["error": ["code": 80_006]]
        let headers = ["x-business-use-case-usage": usage, "x-app-usage": #"{"call_count":28}"#]
        let answer = MetaAnswer(status: 400, headers: headers, body: body.bytes())
        #expect(Self.word(answer.outcome(of: .send, attempt: 1)) == "brake account 1140")
        #expect(MetaUsage(headers: headers)?.percent == 100)
        #expect(MetaUsage(headers: ["x-app-usage": "nonsense"]) == nil)
    }
}
