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
        "comment_gone": "failed", "temporary": "ambiguous", "unknown_code": "failed", "policy_block": "stop",
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

    @Test("without a clear answer a message waits for its echo, and what does no harm twice is done again")
    func unclear() {
        let answer = MetaAnswer(status: 502, body: Array("Bad gateway".utf8))
        #expect(Self.word(answer.outcome(of: .send, attempt: 1)) == "ambiguous")
        #expect(Self.word(answer.outcome(of: .hide, attempt: 1)) == "again 2")
        #expect(Self.word(answer.outcome(of: .hide, attempt: 12)) == "failed")
        #expect(Self.word(answer.outcome(of: .senderAction, attempt: 5)) == "failed")
        for kind in [Action.Kind.reply, .privateReply] {
            guard case .again(.seconds(10), let failure) = answer.outcome(of: kind, attempt: 1) else {
                Issue.record("expected again, \(kind)")
                continue
            }
            #expect(failure.mayHaveGone)
            #expect(Self.word(answer.outcome(of: kind, attempt: 12)) == "ambiguous")
        }
        func lost(_ gone: Bool) -> String {
            Self.word(
                MetaAnswer.outcomeWithoutAnswer(of: .send, attempt: 1, requestMayHaveGone: gone, reason: "deadline"))
        }
        #expect(lost(true) == "ambiguous")
        #expect(lost(false) == "again 1")
    }

    @Test(
        "429 brakes the account, also without an error of the platform in it; what the platform names is met as it says",
        arguments: [
            ("<html>Too many requests</html>", nil, "brake account 60"), ("", nil, "brake account 60"),
            ("{}", nil, "brake account 60"), ("[]", 19, "brake account 1140"),
            (#"{"error":"slow down"}"#, nil, "brake account 60"),
            (#"{"error":{"message":"slow down"}}"#, nil, "brake account 60"),
            (#"{"error":{"code":987654}}"#, nil, "brake account 60"), (#"{"error":{"code":4}}"#, nil, "brake app 60"),
            (#"{"error":{"code":190}}"#, nil, "stop"),
        ] as [(String, Int?, String)])
    func throttled(body: String, minutes: Int?, expected: String) {
        var headers: [String: String] = [:]
        if let minutes {
            headers["x-business-use-case-usage"] =
                #"{"1":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":\#(minutes)}]}"#
        }
        let answer = MetaAnswer(status: 429, headers: headers, body: Array(body.utf8))
        for kind in [Action.Kind.send, .reply, .privateReply, .hide, .senderAction, .fetch] {
            #expect(Self.word(answer.outcome(of: kind, attempt: 12, earlier: true)) == expected, "\(kind)")
        }
    }

    @Test(
        "a Retry-After is met as it says, at most an hour: of a 429 by the account, of a 503 by what is made again",
        arguments: [
            (429, "7", nil, "brake account 7"), (429, "99999", nil, "brake account 3600"),
            (429, "99999999999999999999", nil, "brake account 60"), (429, "0", nil, "brake account 60"),
            (429, "-5", nil, "brake account 60"), (429, "soon", nil, "brake account 60"),
            (429, "Tue, 24 Nov 2026 00:02:05 GMT", "Tue, 24 Nov 2026 00:00:00 GMT", "brake account 125"),
            (429, "Tue, 24 Nov 2026 00:02:05 GMT", nil, "brake account 60"),
            (429, "Tue, 24 Nov 2026 00:02:05 GMT", "Tue, 24 Nov 2026 01:00:00 GMT", "brake account 60"),
            (429, "Tue, 31 Nov 2026 00:02:05 GMT", "Tue, 24 Nov 2026 00:00:00 GMT", "brake account 60"),
            (503, "40", nil, "again 40"), (503, "1", nil, "again 2"), (500, "40", nil, "again 2"),
        ] as [(Int, String, String?, String)])
    func retryAfter(status: Int, value: String, date: String?, expected: String) {
        var headers = ["retry-after": value]
        headers["date"] = date
        let answer = MetaAnswer(status: status, headers: headers, body: [])
        #expect(Self.word(answer.outcome(of: .hide, attempt: 1)) == expected)
        guard status == 503 else { return }
        // What may have been said is still waited for.
        #expect(Self.word(answer.outcome(of: .send, attempt: 1)) == "ambiguous")
    }

    @Test(
        "what the platform or its edge says failed may be sent again after the wait; a gateway's patience says nothing",
        arguments: [
            (502, nil, true), (503, nil, true), (500, 2, true), (500, 1, true), (504, nil, false), (504, 2, false),
            (500, nil, false), (0, nil, false), (200, nil, false),
        ] as [(Int, Int64?, Bool)])
    func notTaken(status: Int, code: Int64?, expected: Bool) {
        #expect(SendFailure(status: status, code: code, message: "x").saysNotTaken == expected)
    }

    @Test("of messages that went out nothing says that they were not taken; a code's row bounds its tries")
    func rowsTries() {
        func failure(_ code: Int64?, _ subcode: Int64? = nil) -> SendFailure {
            SendFailure(status: 500, code: code, subcode: subcode, message: "x")
        }
        #expect(!failure(1, 1_357_046).saysNotTaken && failure(1, 99).saysNotTaken)
        #expect(
            [failure(2), failure(1_200), failure(1), failure(613), failure(nil)].map(\.mostTries) == [
                4, 5, 3, nil, nil,
            ])
    }

    @Test("a permission that is gone stops the account, a subcode that nobody knows one action", arguments: [10, 200])
    func permissions(code: Int64) {
        func answer(_ subcode: Int64?, _ attempt: Int) -> String {
            var error: [String: JSONValue] = ["code": .integer(code), "message": "x"]
            if let subcode { error["error_subcode"] = .integer(subcode) }
            let body: JSONValue = ["error": .object(error)]
            return Self.word(MetaAnswer(status: 400, body: body.bytes()).outcome(of: .send, attempt: attempt))
        }
        #expect((1...3).map { answer(nil, $0) } == ["again 2", "again 4", "stop"])
        #expect(answer(999, 1) == "failed")
    }

    @Test("no message of the platform brings a token along")
    func tokens() {
        let token = "EAAB" + String(repeating: "x9Z", count: 30)
        for words in ["Malformed access token \(token)", "Error: \(token), bad", "token=\(token)&a=b"] {
            let body: JSONValue = ["error": ["code": 190, "message": .string(words)]]
            guard
                case .stopAccount(let failure) = MetaAnswer(status: 400, body: body.bytes())
                    .outcome(of: .send, attempt: 1)
            else {
                Issue.record("expected stop, \(words)")
                continue
            }
            #expect(!failure.description.contains("EAAB") && failure.description.contains(TokenMask.mask))
        }
        let kept = "(#10) Application does not have permission for this action, EAACH IGNORED 104857600000001_12345"
        #expect(TokenMask.masked(kept) == kept)
        #expect(TokenMask.masked("app 1234|AbC-d_efghij") == "app \(TokenMask.mask)")
        #expect(TokenMask.masked("access token abc123abc123x") == "access token \(TokenMask.mask)")
        let bytes = TokenMask.masked(Array("a plain-secret b plain-secret".utf8), values: ["plain-secret", ""])
        #expect(String(decoding: bytes, as: UTF8.self) == "a [token] b [token]")
    }

    @Test("what a read meets stops no account, but for a token or a standing that is gone")
    func reads() {
        func answer(_ code: Int64, _ attempt: Int) -> String {
            let body: JSONValue = ["error": ["code": .integer(code), "message": "x"]]
            return Self.word(MetaAnswer(status: 400, body: body.bytes()).outcome(of: .fetch, attempt: attempt))
        }
        #expect(answer(1, 1).hasPrefix("again") && answer(1, 4) == "failed")
        #expect(answer(190, 1) == "stop" && answer(368, 1) == "stop")
    }

    @Test("tries of a row are used up, with twice the delay each time")
    func retries() {
        func answer(_ code: Int64, _ attempt: Int) -> String {
            let body: JSONValue = ["error": ["code": .integer(code), "message": "x"]]
            return Self.word(MetaAnswer(status: 400, body: body.bytes()).outcome(of: .send, attempt: attempt))
        }
        #expect((1...5).map { answer(1_200, $0) } == ["again 2", "again 4", "again 8", "again 16", "failed"])
        #expect((1...4).map { answer(2, $0) } == ["again 10", "again 20", "again 40", "failed"])
        #expect((1...3).map { answer(1, $0) } == ["again 2", "again 4", "stop"])
        #expect(MetaErrorTable.delay(.seconds(2), 1_000) == MetaErrorTable.longestDelay)
    }

    @Test("a private reply that is used up is delivered if an earlier attempt of ours may have been taken")
    func usedUp() {
        let body: JSONValue = ["error": ["code": 10_903]]
        let words: [(Int64, Int64?, String)] = [
            (2_534_037, nil, ""), (100, 2_534_038, ""), (10, 2_534_039, ""), (2_534_040, nil, ""),
            (2_534_014, nil, "You have already Replied to this comment"), (100, 2_534_014, "already replied"),
        ]
        for (code, subcode, message) in words {
            var error: [String: JSONValue] = ["code": .integer(code), "message": .string(message)]
            if let subcode { error["error_subcode"] = .integer(subcode) }
            let answer = MetaAnswer(status: 400, body: JSONValue.object(["error": .object(error)]).bytes())
            let row = "\(code)/\(subcode ?? 0)"
            #expect(Self.word(answer.outcome(of: .privateReply, attempt: 1)) == "failed", "\(row)")
            #expect(Self.word(answer.outcome(of: .privateReply, attempt: 2)) == "ambiguous", "\(row)")
            #expect(Self.word(answer.outcome(of: .privateReply, attempt: 2, earlier: true)) == "delivered ", "\(row)")
            #expect(Self.word(answer.outcome(of: .privateReply, attempt: 2, earlier: false)) == "failed", "\(row)")
            #expect(Self.word(answer.outcome(of: .send, attempt: 2, earlier: true)) == "failed", "\(row)")
        }
        let window: JSONValue = ["error": ["code": 2_534_014, "message": "The recipient cannot be found"]]
        #expect(
            Self.word(
                MetaAnswer(status: 400, body: window.bytes()).outcome(of: .privateReply, attempt: 2, earlier: true))
                == "failed")
        let answer = MetaAnswer(status: 400, body: body.bytes())
        func word(_ attempt: Int, _ earlier: Bool?) -> String {
            Self.word(answer.outcome(of: .privateReply, attempt: attempt, earlier: earlier))
        }
        #expect(word(1, nil) == "failed" && word(2, false) == "failed", "a throttled attempt used nothing up")
        #expect(word(2, true) == "delivered ")
        #expect(word(1, true) == "delivered ", "whatever the count leaves out")
        #expect(word(2, nil) == "ambiguous", "another process made the first attempt")
    }

    @Test("limits of other products stop what runs in the background, and parts of a percent are read")
    func products() {
        func usage(_ type: String) -> MetaUsage? {
            let text =
                #"{"1":[{"type":"\#(type)","call_count":97.5,"estimated_time_to_regain_access":60}]}"#
            return MetaUsage(headers: ["x-business-use-case-usage": text])
        }
        for type in ["messenger", "pages", "instagram"] {
            #expect(usage(type)?.percent == 97 && usage(type)?.regainAfter == .seconds(3_600))
        }
        let other = usage("ads_insights")
        #expect(other?.percent == 0 && other?.backgroundPercent == 97 && other?.regainAfter == nil)
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

    @Test(
        "which refusals say that nobody is there",
        arguments: [
            (551, nil, true), (551, 1, true), (200, 1_545_041, true), (100, 2_018_001, true), (100, 33, false),
            (100, nil, false), (200, nil, false), (10, 2_018_278, false), (9_010, nil, true),
        ] as [(Int64, Int64?, Bool)])
    func unreachable(code: Int64, subcode: Int64?, isGone: Bool) {
        #expect(MetaErrorTable.isUnreachable(code: code, subcode: subcode) == isGone)
    }

    @Test("an object that is missing is the contact, our own node or neither, as the platform's words say")
    func missingObject() throws {
        func outcome(_ kind: Action.Kind, of id: String, attempt: Int, code: Int64 = 33) -> SendAnswer {
            let words = "Unsupported post request. Object with ID '\(id)' does not exist"
            let body: JSONValue = [
                "error": ["code": 100, "error_subcode": .integer(code), "message": .string(words)]
            ]
            return MetaAnswer(status: 400, body: body.bytes()).outcome(of: kind, attempt: attempt, node: "1048")
        }
        for kind in [Action.Kind.send, .privateReply] {
            for attempt in 1...3 {
                let answer = outcome(kind, of: "1048", attempt: attempt)
                if case .stopAccount = answer { #expect(attempt == 3) } else { #expect(attempt < 3) }
                if case .failed = answer { Issue.record("blamed on the action") }
            }
        }
        for (id, code, isGone) in [
            ("77", 33, true), ("999", 33, false), ("104", 33, false), ("x", 2_018_001, true),
        ] as [(String, Int64, Bool)] {
            guard case .failed(let failure) = outcome(.send, of: id, attempt: 1, code: code) else {
                Issue.record("expected failed for \(id)")
                continue
            }
            #expect(MetaErrorTable.isUnreachable(failure, contact: "77") == isGone, "\(id)")
        }
        if case .failed = outcome(.fetch, of: "1048", attempt: 3) {} else { Issue.record("a read stops nothing") }
    }
}
