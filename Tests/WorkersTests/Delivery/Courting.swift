import Channels
import Contracts
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing

@testable import Delivery

/// One action of one lane, and a courier's loop that a test turns by hand.
struct Courting {
    let house: WorkerKit
    let loop: CourierLoop
    let mailbox = Mailbox(empty: Courier.Mail())
    let action: Action
    let token = LaneToken(high: 1, low: 1)
    private let tenure: Tenure
    let now: ContinuousClock.Instant

    var id: ActionID { action.actionID }
    /// How what the platform was called for ended.
    var counted: [CourierCounters.OutcomeCount] {
        loop.counters.outcomes.flatMap { Array(repeating: $0.key, count: Int($0.value)) }
    }
    /// By then the wait after an attempt is over.
    var later: ContinuousClock.Instant { now + .seconds(600) }

    init(_ kind: Action.Kind, isPaused: Bool = false) throws {
        house = try WorkerKit()
        let (connector, sink) = (house.connector, house.sink)
        loop = CourierLoop(
            CourierSetting(
                connect: { try connector.open() }, carriers: Carriers(channel: sink, tell: sink, notify: sink)),
            mailbox: mailbox, status: CourierStatus())
        // The loop connects from its own beginning on.
        now = .now
        var action = Action()
        action.actionID = ActionID(high: 4, low: 4)
        action.kind = kind
        action.account = "shop"
        action.contact = "ann"
        action.comment = kind == .reply ? "C9" : ""
        let conversation = EntityID.messages(account: "shop", contact: "ann").text
        action.conversation = conversation
        action.orderKey = conversation
        self.action = action
        let reply = try house.store.take([
            TakeRequest(lane: house.lane, owner: "owner", assignment: 1, token: token)
        ])[0]
        guard case .taken(let tenure) = reply else { throw WorkerKit.Unexpected(came: "\(reply)") }
        self.tenure = tenure
        var commit = self.commit(after: 0)
        commit.actions = [LaneCommit.NewAction(id: action.actionID, bytes: try action.serializedBytes())]
        _ = try house.store.commit([commit])
        mailbox.post { [lane = house.lane, token] mail in
            mail.orders.append(.taken(lane, token, offset: .zero, isPaused: isPaused))
        }
    }

    private func commit(after commits: UInt64) -> LaneCommit {
        LaneCommit(
            lane: house.lane, token: token, sequence: tenure.sequence + commits, cursor: tenure.cursor, decided: 0,
            policy: 3, now: tenure.clock.now)
    }

    func turn(_ now: ContinuousClock.Instant) throws { try loop.turn(mailbox.take(waiting: .zero), now) }

    /// The first one, of which nobody can tell whether the platform has it; the action waits for another.
    func firstAttempt() throws {
        var failure = SendFailure(status: 502, message: "Bad gateway")
        failure.mayHaveGone = true
        house.sink.answer(action.kind == .send ? .ambiguous(failure) : .again(after: .zero, failure))
        try turn(now)
        house.sink.answer(nil)
        try turn(now)
        try #require(loop.counters.rescheduled == 1 && house.sink.started.all.count == 1)
    }

    /// The second one is under way.
    func secondAttempt() throws {
        try firstAttempt()
        try turn(later)
        try #require(house.sink.started.all.map(\.number) == [1, 2])
    }

    /// Redis has the action open again, as one does that lost the end of what was written; after so many commits.
    func losesTail(after commits: UInt64) throws {
        var commit = self.commit(after: commits)
        commit.actions = [LaneCommit.NewAction(id: id, bytes: try action.serializedBytes())]
        guard case .committed = try house.store.commit([commit])[0] else {
            throw WorkerKit.Unexpected(came: "no commit")
        }
        mailbox.post { [lane = house.lane, token] mail in
            mail.orders.append(.taken(lane, token, offset: .zero, isPaused: false))
        }
    }

    /// Its echo is in the lane's log.
    func echo() {
        mailbox.post { [lane = house.lane, id] mail in
            mail.orders.append(.handed(HandOver(lane: lane, actions: [], echoed: [id])))
        }
    }

    /// The conversation takes it back, on record.
    func cancel() throws {
        var commit = self.commit(after: 1)
        commit.cancels = [id]
        guard case .committed = try house.store.commit([commit])[0] else {
            throw WorkerKit.Unexpected(came: "no commit")
        }
    }

    /// What the answer to the attempt that is under way makes of it.
    func settling(_ answer: SendAnswer) throws -> (SettleRequest.Item, Outcome) {
        let attempt = try #require(loop.underWay[id]).attempt
        loop.take(Answered(id: id, attempt: attempt, answer: answer), now)
        let item = try #require(loop.settlements[house.lane]?.last?.item)
        return (item, try outcome(item))
    }

    func outcome(_ item: SettleRequest.Item) throws -> Outcome { try Event(serializedBytes: item.outcome).outcome }
}
