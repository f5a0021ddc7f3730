import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("The generic channel, outward over HTTP")
struct GenericCarrierTests {
    static func post(_ now: Instant = SandboxTests.now) -> SignedPost { SignedPost(now: { now }) }

    /// One attempt through the carrier, as the courier makes it.
    static func attempt(
        _ action: Action, with carrier: TaskCarrier, number: UInt32 = 1, patience: Duration = .seconds(20)
    ) async throws -> SendAnswer {
        let (answers, box) = AsyncStream<[Answered]>.makeStream()
        let lane = try LaneName("de-berlin.0")
        async let running: Void = carrier.run()
        carrier.start(
            [Attempt(action: action, lane: lane, number: number, deadline: .now + patience)],
            answers: AnswerBox { box.yield($0) })
        carrier.finish()
        var answered = answers.makeAsyncIterator()
        let first = try #require(await answered.next()?.first)
        await running
        #expect(first.id == action.actionID && first.attempt == number)
        return first.answer
    }

    private static func send(
        _ platform: GenericPlatform, _ action: Action = SandboxTests.action(.send), attempts: UInt32 = 1
    ) async throws -> [SendAnswer] {
        let given = Mutex<[SendAnswer]>([])
        try await platform.run { url in
            for number in 1...attempts {
                let carrier = GenericCarrier.carrier(post: post()) { account in
                    account == SandboxTests.page.id
                        ? GenericAddress(url: url, secrets: [GenericPlatform.secret]) : nil
                }
                let answer = try await attempt(action, with: carrier, number: number)
                given.withLock { $0.append(answer) }
            }
        }
        return given.withLock { $0 }
    }

    @Test("an action arrives signed, with its id as key and all that the platform needs")
    func delivered() async throws {
        let platform = GenericPlatform()
        #expect(try await Self.send(platform) == [.delivered(providerID: "p1")])
        let call = try #require(platform.calls.first)
        #expect(call.isSigned && call.key == "00000000000000010000000000000002")
        let action = call.body["action"]
        #expect(call.body["version"] == 1 && action?["id"] == "00000000000000010000000000000002")
        #expect(action?["kind"] == "send" && action?["text"] == "Hei!" && action?["contact"] == "77")
        #expect(action?["metadata"] == "ns1:de-berlin.0:00000000000000010000000000000002")
    }

    @Test("an action that is tried again is carried out once")
    func once() async throws {
        let platform = GenericPlatform()
        #expect(
            try await Self.send(platform, attempts: 3) == Array(repeating: .delivered(providerID: "p1"), count: 3))
        #expect(platform.shown == 1)
    }

    static let answers: [(status: Int, body: String, retryAfter: Int?, word: String)] = [
        (200, #"{"status":"delivered"}"#, nil, "delivered"),
        (200, #"{"status":"failed","reason":"gone"}"#, nil, "failed"),
        (200, #"{"status":"unsupported"}"#, nil, "failed"), (200, #"{"status":"window_closed"}"#, nil, "window"),
        (200, #"{"status":"again"}"#, nil, "again"), (200, #"{"status":"dunno"}"#, nil, "failed"),
        (200, "thanks", nil, "again"), (200, "", nil, "again"), (204, "", nil, "again"), (302, "", nil, "failed"),
        (400, "{}", nil, "failed"), (401, "{}", nil, "stop"), (403, "{}", nil, "stop"), (404, "", nil, "failed"),
        (408, "", nil, "again"), (429, "{}", 7, "braked 7.0 seconds"), (429, "{}", nil, "braked 60.0 seconds"),
        (503, "", 999_999_999, "braked 3600.0 seconds"), (500, "<html>", nil, "again"), (502, "", nil, "again"),
        (200, #"{"status":"delivered","id":"\#(String(repeating: "x", count: 70_000))"}"#, nil, "again"),
    ]

    @Test("each answer is an outcome", arguments: answers.indices)
    func outcomes(index: Int) async throws {
        let given = Self.answers[index]
        let platform = GenericPlatform(
            GenericPlatform.Faults(answer: (given.status, given.body), retryAfter: given.retryAfter))
        let answer = try #require(try await Self.send(platform).first)
        let word =
            switch answer {
            case .delivered: "delivered"
            case .failed: "failed"
            case .windowClosed: "window"
            case .again: "again"
            case .stopAccount: "stop"
            case .ambiguous: "ambiguous"
            case .braked(_, let time, _): "braked \(time)"
            }
        #expect(word == given.word, "\(given.status) \(given.body.prefix(40))")
    }

    @Test("nobody there means another try; no secret, another account or another kind mean none")
    func refused() async throws {
        // A carrier of its own for each attempt: `attempt` ends it.
        func carrier() -> TaskCarrier {
            GenericCarrier.carrier(post: Self.post()) { _ in
                GenericAddress(url: "http://127.0.0.1:9/bridge", secrets: [GenericPlatform.secret])
            }
        }
        guard case .again = try await Self.attempt(SandboxTests.action(.send), with: carrier()) else {
            Issue.record("expected again")
            return
        }
        guard case .failed = try await Self.attempt(SandboxTests.action(.fetch), with: carrier()) else {
            Issue.record("expected failed")
            return
        }
        // Neither reaches the address, so nobody needs to listen there.
        let keyless = GenericCarrier.carrier(post: Self.post()) { _ in
            GenericAddress(url: "http://127.0.0.1:9/bridge", secrets: [])
        }
        guard case .stopAccount = try await Self.attempt(SandboxTests.action(.send), with: keyless) else {
            Issue.record("expected stop")
            return
        }
        let nobody = GenericCarrier.carrier(post: Self.post()) { _ in nil }
        guard case .failed = try await Self.attempt(SandboxTests.action(.send), with: nobody) else {
            Issue.record("expected failed")
            return
        }
    }

    private static func conformance(_ faults: GenericPlatform.Faults) async throws -> [String] {
        let platform = GenericPlatform(faults)
        let failed = Mutex<[String]>([])
        try await platform.run { url in
            let conformance = GenericConformance(
                post: post(), address: GenericAddress(url: url, secrets: [GenericPlatform.secret]), account: "a",
                contact: "c", comment: "k", lane: try LaneName("conformance.0"), now: { SandboxTests.now })
            let checks = await conformance.checks(run: 7)
            #expect(checks.count == 16)
            failed.withLock { $0 = checks.filter { $0.fault != nil }.map(\.name) }
        }
        if faults.remembersActions, faults.checksSignature, faults.checksInstant, faults.answer == nil,
            faults.knowsItsKinds, !faults.takesOneSignature, !faults.isUnsureOfComments
        {
            #expect(platform.shown == 3)
        }
        return failed.withLock { $0 }
    }

    @Test("a bridge that does as asked passes every check; each fault is found by its own")
    func conformance() async throws {
        #expect(try await Self.conformance(GenericPlatform.Faults()).isEmpty)
        #expect(
            try await Self.conformance(GenericPlatform.Faults(remembersActions: false)) == [
                "the same action again is answered delivered with the same id",
                "an action that comes twice at once is carried out once",
                "of several signatures one that fits is enough",
            ])
        #expect(
            try await Self.conformance(GenericPlatform.Faults(takesOneSignature: true)) == [
                "of several signatures one that fits is enough"
            ])
        #expect(
            try await Self.conformance(GenericPlatform.Faults(knowsUnsupported: false)) == [
                "a kind that it does not know is answered unsupported",
                "a reply to a comment is answered delivered, failed or unsupported, and the same again",
                "a private reply to a comment is answered delivered, failed or unsupported, and the same again",
                "the hiding of a comment is answered delivered, failed or unsupported, and the same again",
                "the showing of a comment is answered delivered, failed or unsupported, and the same again",
            ])
        #expect(
            try await Self.conformance(GenericPlatform.Faults(checksInstant: false)) == [
                "a signature that is an hour old is answered 401 or 403",
                "a signature that is an hour ahead is answered 401 or 403",
            ])
        #expect(
            try await Self.conformance(GenericPlatform.Faults(knowsItsKinds: false)) == [
                "a kind that it does not know is answered unsupported"
            ])
        #expect(try await Self.conformance(GenericPlatform.Faults(checksSignature: false)).count == 5)
        #expect(try await Self.conformance(GenericPlatform.Faults(answer: (500, ""))).count == 15)
        #expect(
            try await Self.conformance(GenericPlatform.Faults(isUnsureOfComments: true)) == [
                "a reply to a comment is answered delivered, failed or unsupported, and the same again",
                "the hiding of a comment is answered delivered, failed or unsupported, and the same again",
            ])
    }
}
