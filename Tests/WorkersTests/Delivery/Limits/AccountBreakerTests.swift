import Channels
import Contracts
import Lanes
import Testing

@testable import Delivery

@Suite("Who failed, the platform or this process", .timeLimit(.minutes(5)))
struct AccountBreakerTests {
    private static func failure(_ status: Int, code: Int64? = nil, isOurs: Bool = false) -> SendFailure {
        SendFailure(status: status, code: code, message: "no", isOurs: isOurs)
    }

    private static let silence: [SendAnswer] = [
        .ambiguous(failure(0)), .ambiguous(failure(502)), .again(after: .zero, failure(0)),
        .again(after: .zero, failure(503)), .failed(failure(500)),
    ]
    private static let failedHere: [SendAnswer] = [
        .ambiguous(failure(0, isOurs: true)), .again(after: .zero, failure(0, isOurs: true)),
        .failed(failure(0, isOurs: true)), .stopAccount(failure(0, isOurs: true)),
        Settlement.answerAtDeadline(of: .send, attempt: 1), Settlement.answerAtDeadline(of: .fetch, attempt: 1),
    ]
    private static let words: [SendAnswer] = [
        .delivered(providerID: "m"), .failed(failure(400, code: 100)), .stopAccount(failure(400, code: 190)),
        .again(after: .zero, failure(400, code: 2)), .windowClosed(failure(400, code: 10)),
        .braked(.account, for: .seconds(4), failure(400, code: 613)),
    ]

    private static func rests(_ answers: [SendAnswer]) throws -> Bool {
        let kit = try Courting(.send)
        for answer in answers { kit.loop.weigh(answer, of: kit.action) }
        return kit.loop.gate.known["shop"]?.brake?.reason.hasPrefix(AccountBreaker.mark) == true
    }

    @Test("an account rests after five calls in a row to which the platform gave no answer", arguments: silence)
    func silent(answer: SendAnswer) throws {
        #expect(try !Self.rests(Array(repeating: answer, count: AccountBreaker.failuresToOpen - 1)))
        #expect(try Self.rests(Array(repeating: answer, count: AccountBreaker.failuresToOpen)))
    }

    @Test("what this process could not do rests no account, and ends no row of silence", arguments: failedHere)
    func ours(answer: SendAnswer) throws {
        #expect(try !Self.rests(Array(repeating: answer, count: 4 * AccountBreaker.failuresToOpen)))
        let row = Array(repeating: Self.silence[0], count: AccountBreaker.failuresToOpen - 1)
        #expect(try Self.rests(row + [answer] + [Self.silence[0]]))
    }

    @Test("any answer of the platform itself ends the row, a refusal too", arguments: words)
    func answered(answer: SendAnswer) throws {
        let row = Array(repeating: Self.silence[0], count: AccountBreaker.failuresToOpen - 1)
        #expect(try !Self.rests(row + [answer] + row))
    }
}
