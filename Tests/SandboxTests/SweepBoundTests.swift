import Channels
import Contracts
import Delivery
import Instants
import Synchronization
import Testing

@Suite("Bounds of a sweep", .timeLimit(.minutes(5)))
struct SweepBoundTests {
    private static let account = GraphFetchTests.account

    /// One attempt, as the courier makes it.
    private static func carryOut(
        _ channel: MetaChannel, at url: String, _ lanes: GraphFetchTests.Lanes, tries: UInt32 = 1,
        deadline: Duration = .seconds(60), of subject: FetchSubject = .comments,
        isHeld: @escaping @Sendable () -> Bool = { false },
        pause: @escaping @Sendable (Duration) -> Void = { _ in }
    ) async throws -> Answered {
        let carrier = GraphCarrier(
            client: MetaClient(base: url, token: { _ in "token" }), fetches: lanes.doors, pause: pause,
            channel: { _ in MetaOutbound(channel: channel) })
        var attempt = Attempt(
            action: GraphFetchTests.action(subject), lane: try LaneName("fi-helsinki.0"), number: tries,
            deadline: .now + deadline, tries: tries)
        attempt.isHeld = isHeld
        return try await carrier.answer(to: attempt)
    }

    private static func comment(_ id: String) -> String {
        let at = (GraphFetchTests.now - .seconds(200)).seconds
        return #"{"id":"\#(id)","message":"?","created_time":\#(at),"from":{"id":"77"}}"#
    }

    private static func page(_ data: String, next: String? = nil) -> ScriptedGraph.Reply {
        let paging = next.map { #","paging":{"cursors":{"after":"\#($0)"},"next":"more"}"# } ?? ""
        return ScriptedGraph.Reply(body: #"{"data":[\#(data)]\#(paging)}"#)
    }

    @Test(
        "a post's further pages of answers are read up to a bound, all its comments together, and the post counts as read"
    )
    func answers() async throws {
        let at = (GraphFetchTests.now - .seconds(200)).seconds
        let platform = ScriptedGraph { call in
            switch call.path {
            case "/\(Self.account)/media": return Self.page(#"{"id":"post"}"#)
            case "/post/comments":
                let comments = ["c1", "c2"].map {
                    #"{"id":"\#($0)","text":"?","timestamp":\#(at),"from":{"id":"77"},"#
                        + #""replies":{"data":[],"paging":{"cursors":{"after":"0"},"next":"more"}}}"#
                }
                return Self.page(comments.joined(separator: ","))
            default:
                let number = (Int(call.query["after"] ?? "") ?? 0) + 1
                let reply = #"{"id":"\#(call.path.dropFirst())_\#(number)","text":"!","timestamp":\#(at),"#
                return Self.page(reply + #""from":{"id":"78"}}"#, next: "\(number)")
            }
        }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            let answered = try await Self.carryOut(.instagram, at: url, lanes)
            #expect(answered.answer == .delivered(providerID: ""))
        }
        #expect(platform.calls(of: "/c1/replies") == 30)
        #expect(platform.calls(of: "/c2/replies") == 0)
        #expect(lanes.fetched.map(\.found) == [32])
        #expect(lanes.fetched.first?.until != 0)
    }

    @Test("a post with more pages of its time than are read leaves the sweep not whole; older ones are not read on")
    func manyPages() async throws {
        for (isOld, calls) in [(false, 50), (true, 1)] {
            let at = (GraphFetchTests.now - .seconds(isOld ? 700_000 : 200)).seconds
            let platform = ScriptedGraph { call in
                guard call.path == "/post/comments" else {
                    return Self.page(call.path.hasSuffix("/feed") ? #"{"id":"post"}"# : "")
                }
                let number = (Int(call.query["after"] ?? "") ?? 0) + 1
                let comment = #"{"id":"c\#(number)","message":"?","created_time":\#(at),"from":{"id":"77"}}"#
                return Self.page(comment, next: "\(number)")
            }
            let lanes = GraphFetchTests.Lanes()
            try await platform.run { url in _ = try await Self.carryOut(.facebook, at: url, lanes) }
            #expect(platform.calls(of: "/post/comments") == calls)
            #expect(lanes.fetched.map { $0.until != 0 } == [isOld])
            #expect(lanes.fetched.map { $0.text.contains("50 pages") } == [!isOld])
        }
    }

    @Test("an answer of today below an Instagram comment of days ago is found")
    func oldThread() async throws {
        let (old, young) = (GraphFetchTests.now - .seconds(300_000), GraphFetchTests.now - .seconds(200))
        let platform = ScriptedGraph { call in
            guard call.path == "/post/comments" else { return Self.page(#"{"id":"post"}"#) }
            // As the platform does where it heeds it: of first comments alone.
            if let since = Int64(call.query["since"] ?? ""), since > old.seconds { return Self.page("") }
            let answer = #"{"id":"young","text":"and now?","timestamp":\#(young.seconds),"from":{"id":"77"}}"#
            return Self.page(
                #"{"id":"old","text":"?","timestamp":\#(old.seconds),"from":{"id":"78"},"replies":{"data":[\#(answer)]}}"#
            )
        }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in _ = try await Self.carryOut(.instagram, at: url, lanes) }
        #expect(lanes.comments.map(\.comment.id) == ["young"])
    }

    @Test("the post that a sweep begins with is tried a few times, then passed over with what was read of it, and said")
    func busyPost() async throws {
        let platform = ScriptedGraph { call in
            switch (call.path, call.query["after"]) {
            case ("/\(Self.account)/feed", _): return Self.page(#"{"id":"a"},{"id":"b"}"#)
            case ("/a/comments", nil): return Self.page(Self.comment("a1"), next: "1")
            case ("/a/comments", _): return .error(400, code: 2)
            case ("/b/comments", _): return Self.page(Self.comment("b1"))
            default: return Self.page("")
            }
        }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            for tries in 1...2 {
                guard case .again = try await Self.carryOut(.facebook, at: url, lanes, tries: UInt32(tries)).answer
                else {
                    Issue.record("expected again at try \(tries)")
                    return
                }
            }
            #expect(platform.calls(of: "/b/comments") == 0)
            #expect(try await Self.carryOut(.facebook, at: url, lanes, tries: 3).answer == .delivered(providerID: ""))
        }
        #expect(lanes.comments.map(\.comment.id) == ["a1", "b1"])
        #expect(lanes.fetched.map(\.found) == [2])
        #expect(lanes.fetched.first?.until == 0)
        #expect(lanes.fetched.first?.text.contains("code 2") == true)
    }

    @Test("a sweep that is held makes no further call and goes on behind the post that it has read")
    func held() async throws {
        let platform = ScriptedGraph { call in
            switch call.path {
            case "/\(Self.account)/feed": return Self.page(#"{"id":"a"},{"id":"b"}"#)
            case "/a/comments": return Self.page(Self.comment("a1"))
            default: return Self.page("")
            }
        }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            let early = try await Self.carryOut(.facebook, at: url, lanes, tries: 3, isHeld: { true })
            #expect(early.isHeld && platform.calls.isEmpty && lanes.fetched.isEmpty)
            let late = try await Self.carryOut(
                .facebook, at: url, lanes, isHeld: { platform.calls(of: "/a/comments") > 0 })
            #expect(!late.isHeld && late.answer == .delivered(providerID: ""))
        }
        #expect(platform.calls(of: "/b/comments") == 0)
        #expect(lanes.comments.map(\.comment.id) == ["a1"])
        #expect(lanes.fetched.map(\.resume) == ["a"])
        #expect(lanes.fetched.map(\.until) == [0])
        #expect(lanes.fetched.map(\.text) == [""])
    }

    @Test("each read of conversations has its pause before it: a piece's first one, a page, and a further try")
    func conversations() async throws {
        let waits = Mutex<[Duration]>([])
        let fails = Mutex(2)
        let platform = ScriptedGraph { call in
            let failing = fails.withLock { left in
                left -= 1
                return left == 0
            }
            if failing { return ScriptedGraph.Reply(status: 500, body: "") }
            let changed = GraphFetchTests.now.seconds
            return Self.page(#"{"id":"t","updated_time":\#(changed)}"#, next: call.query["after"] == nil ? "1" : nil)
        }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            _ = try await Self.carryOut(
                .facebook, at: url, lanes, of: .messages, pause: { wait in waits.withLock { $0.append(wait) } })
        }
        let waited = waits.withLock { $0 }
        #expect(platform.calls.count == 3 && platform.calls.allSatisfy { $0.path.hasSuffix("/conversations") })
        // Two calls a second: three that are so far apart stand in no one second.
        #expect(waited.count == 3 && waited.allSatisfy { $0 > .milliseconds(500) }, "\(waited)")
    }

    @Test("a read that failed by chance waits before each further try, no less than the platform's errors ask for")
    func backsOff() async throws {
        let waits = Mutex<[Duration]>([])
        let platform = ScriptedGraph { _ in ScriptedGraph.Reply(status: 500, body: "oops") }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            let answered = try await Self.carryOut(
                .facebook, at: url, lanes, pause: { wait in waits.withLock { $0.append(wait) } })
            guard case .again = answered.answer else {
                Issue.record("expected again, got \(answered.answer)")
                return
            }
        }
        #expect(platform.calls.count == 3)
        let waited = waits.withLock { $0 }
        #expect(waited.count == 2 && waited.allSatisfy { $0 >= .seconds(2) && $0 < .seconds(5) }, "\(waited)")
    }

    @Test("a read that the table of errors ends, stops or brakes is made once", arguments: [100, 190, 613, 4, 200])
    func madeOnce(code: Int) async throws {
        let platform = ScriptedGraph { _ in .error(400, code: code) }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            _ = try await Self.carryOut(.facebook, at: url, lanes, pause: { _ in Issue.record("expected no wait") })
        }
        #expect(platform.calls.count == 1)
    }

    @Test("where the wait would take the time that is left, the fetch ends and is made again by the courier")
    func noTimeToWait() async throws {
        // Code 2 waits ten seconds, twenty the second time.
        let platform = ScriptedGraph { _ in .error(400, code: 2) }
        let lanes = GraphFetchTests.Lanes()
        try await platform.run { url in
            let answered = try await Self.carryOut(
                .facebook, at: url, lanes, deadline: .seconds(9), pause: { _ in Issue.record("expected no wait") })
            guard case .again = answered.answer else {
                Issue.record("expected again, got \(answered.answer)")
                return
            }
        }
        #expect(platform.calls.count == 1)
    }

    @Test("a cursor that no state should hold ends a sweep of messages as not whole, and says so")
    func longCursor() async throws {
        let at = (GraphFetchTests.now - .seconds(200)).seconds
        for (length, text) in [(1_024, ""), (1_025, "expected a cursor of at most 1024 bytes, got 1025")] {
            let platform = ScriptedGraph { call in
                Self.page(
                    #"{"id":"t1","updated_time":\#(at),"messages":{"data":[]}}"#,
                    next: call.query["after"] == nil ? String(repeating: "x", count: length) : nil)
            }
            let lanes = GraphFetchTests.Lanes()
            try await platform.run { url in
                let answered = try await Self.carryOut(.facebook, at: url, lanes, of: .messages)
                #expect(answered.answer == .delivered(providerID: ""))
            }
            #expect(lanes.fetched.map(\.text) == [text])
            #expect((lanes.fetched.first?.until != 0) == text.isEmpty)
            #expect(lanes.fetched.first?.resume == "")
        }
    }
}
