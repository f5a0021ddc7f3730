import Channels
import Contracts
import Testing

@Suite("Why an action failed, for the metric of outcomes")
struct FailureClassTests {
    @Test(
        "a call of ours that the platform does not understand is told from one about a person, a thing that is gone or a read",
        arguments: [
            (100, nil, .malformed), (100, 7, .malformed), (100, 33, .gone), (100, 2_018_001, .unreachable),
            (100, 2_018_109, .refused), (100, 2_534_022, .window), (10_900, nil, .gone), (10_903, nil, .usedUp),
            (551, nil, .unreachable), (190, nil, .refused), (613, nil, .temporary), (1_200, nil, .temporary),
            (987_654, nil, .unknownCode), (nil, nil, .status),
        ] as [(Int64?, Int64?, FailureClass)])
    func classes(code: Int64?, subcode: Int64?, expected: FailureClass) {
        let failure = SendFailure(status: 400, code: code, subcode: subcode, message: "x")
        #expect(FailureClass(.failed(failure)) == expected)
        #expect(FailureClass(.failed(failure), isRead: true) == (expected == .malformed ? .refused : expected))
    }

    @Test("what ended well has no class, what ended without an answer its own")
    func otherClasses() {
        #expect(FailureClass(.delivered(providerID: "")) == .none)
        #expect(FailureClass(.ambiguous(SendFailure(status: 0, message: "deadline"))) == .noAnswer)
        #expect(FailureClass(.windowClosed(SendFailure(status: 400, message: "x"))) == .window)
    }
}
