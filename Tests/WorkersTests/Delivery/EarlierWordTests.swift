import Channels
import Contracts
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@testable import Delivery

@Suite("An attempt that is refused after an earlier one may have gone", .timeLimit(.minutes(5)))
struct EarlierWordTests {
    /// Answers that say for sure that an attempt had no effect, and leave the action open.
    private static let refusals: [SendAnswer] = [
        .braked(.account, for: .seconds(60), SendFailure(status: 400, code: 80_006, message: "too many calls")),
        .stopAccount(SendFailure(status: 400, code: 190, message: "token")),
        .again(after: .seconds(1), SendFailure(status: 400, code: 2, message: "later")),
    ]

    @Test(
        "its echo came meanwhile: it is delivered, whatever the answer says, and what the answer says of the account holds",
        arguments: refusals + [
            .failed(SendFailure(status: 400, code: 100, message: "no such recipient")),
            .windowClosed(SendFailure(status: 400, code: 10, subcode: 2_018_278, message: "window")),
        ])
    func echoed(_ answer: SendAnswer) throws {
        let kit = try Courting(.send)
        try kit.secondAttempt()
        kit.echo()
        try kit.turn(kit.now)
        let (item, outcome) = try kit.settling(answer)
        #expect(item.verdict == .close && outcome.status == .delivered && outcome.error.isEmpty)
        switch answer {
        case .braked, .stopAccount: #expect(kit.loop.gate.known["shop"]?.brake?.lets == 0)
        default: #expect(kit.loop.gate.known["shop"]?.brake == nil)
        }
        #expect(kit.counted.isEmpty, "it is not on record yet")
        try kit.loop.settle(kit.now)
        #expect(try kit.house.store.recover(kit.house.lane).isEmpty)
        #expect(kit.counted == [.init(status: .delivered, why: .none)])
    }

    @Test("it was cancelled meanwhile: nobody can tell what became of it", arguments: refusals)
    func cancelled(_ answer: SendAnswer) throws {
        let kit = try Courting(.send)
        try kit.secondAttempt()
        try kit.cancel()
        let (_, outcome) = try kit.settling(answer)
        #expect(outcome.status == .ambiguous)
        try kit.loop.settle(kit.now)
        #expect(kit.loop.counters.closed == 1 && kit.counted.map(\.status) == [.ambiguous])
        #expect(try kit.house.store.recover(kit.house.lane).isEmpty)
    }

    @Test("of a first attempt that is refused it is known that nothing went", arguments: refusals)
    func first(_ answer: SendAnswer) throws {
        let kit = try Courting(.send)
        kit.house.sink.answer(nil)
        try kit.turn(kit.now)
        let (_, outcome) = try kit.settling(answer)
        #expect(outcome.status == .failed)
    }

    @Test("it is given back before it is sent, and cancelled: nobody can tell what became of it")
    func givenBack() throws {
        let kit = try Courting(.reply)
        try kit.firstAttempt()
        // The claim on the comment cannot be read.
        let redis = try kit.house.redis.connect()
        _ = try redis.call(RedisCommand("DEL", "ns:{acct:shop}:once"))
        _ = try redis.call(RedisCommand("SET", "ns:{acct:shop}:once", "no hash"))
        try kit.turn(kit.later)
        let item = try #require(kit.loop.settlements[kit.house.lane]?.last?.item)
        #expect(item.verdict == .again(after: .seconds(1), isUnclear: true))
        #expect(try kit.outcome(item).status == .ambiguous)
        #expect(kit.house.sink.started.all.count == 1)
    }

    @Test("automation is switched off before it is sent again: nobody can tell what became of it")
    func switchedOff() throws {
        let kit = try Courting(.send)
        try kit.firstAttempt()
        try kit.house.store.setAutomation([.all], isOn: false, by: "ann")
        try kit.turn(kit.later)
        let item = try #require(kit.loop.settlements[kit.house.lane]?.last?.item)
        #expect(try item.verdict == .close && kit.outcome(item).status == .ambiguous)
        #expect(kit.house.sink.started.all.count == 1)
    }

    @Test("a claim that was lost on its way to Redis spares no try")
    func lostClaim() throws {
        let kit = try Courting(.send, isPaused: true)
        try kit.turn(kit.now)
        // What is known of the account is fresh, so that the claim is the first to meet the loss.
        kit.loop.gate.known["shop"] = SendingGate.Known(readAt: kit.now, brake: nil)
        kit.mailbox.post { [lane = kit.house.lane] mail in
            mail.orders.append(.standing(lane, offset: .zero, isPaused: false))
        }
        try kit.house.killConnections()
        #expect(throws: (any Error).self) { try kit.turn(kit.now) }
        #expect(kit.loop.settlements[kit.house.lane]?.map(\.isInDoubt) == [true])
        kit.loop.store = kit.house.store
        try kit.loop.settle(kit.now)
        #expect(kit.loop.settlements.isEmpty && kit.loop.tries(of: kit.id, 2) == 2)
        try kit.turn(kit.now)
        #expect(kit.house.sink.started.all.map(\.number) == [1])
    }

    @Test("a claim of which nobody knows is given back as what the echo says, else as what the earlier attempt left")
    func givingBack() throws {
        let kit = try Courting(.send)
        func item(_ trace: Settlement.Trace) throws -> SettleRequest.Item {
            try Settlement.givingBack(kit.action, attempt: 2, trace: trace, now: .epoch)
        }
        let (plain, unclear, echoed) = (try item(.none), try item(.mayHaveGone), try item(.echoed))
        #expect(plain.verdict == .again(after: .zero) && unclear.verdict == plain.verdict && echoed.verdict == .close)
        #expect(
            try [plain, unclear, echoed].map { try kit.outcome($0).status } == [.cancelled, .ambiguous, .delivered])
    }
}
