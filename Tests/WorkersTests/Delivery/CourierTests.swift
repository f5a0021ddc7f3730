import Channels
import Contracts
import Delivery
import Instants
import Lanes
import Membership
import SwiftProtobuf
import Testing
import Workers

@Suite("A courier on a real Redis")
struct CourierTests {
    private let ambiguous = SendAnswer.ambiguous(SendFailure(status: 0, message: "no answer"))

    @Test("an action is carried out once and its outcome decided")
    func delivered() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ann", "send")])
        try kit.decided(2)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules() == ["ann:send#1", "delivered#2"])
        #expect(kit.sink.started.all.count <= 1)
        #expect(try kit.store.recover(kit.lane).isEmpty)
        #expect(worker.courierCounters.closed == 1)
    }

    @Test("texts of one conversation go one after the other, those of others meanwhile")
    func order() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let worker = try kit.worker()
        try kit.append([("ann", "send"), ("ann", "send"), ("bob", "send")])
        #expect(try kit.sink.started.wait { $0.count == 2 })
        #expect(Set(kit.sink.started.all.map(\.action.contact)) == ["ann", "bob"])
        kit.sink.release(.delivered(providerID: "p"))
        try kit.decided(6)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.sink.started.wait { $0.count == 3 })
        #expect(kit.sink.started.all.filter { $0.action.contact == "ann" }.map(\.action.cause) == ["e1", "e2"])
    }

    @Test("texts to one thread keep the channel's distance, and hold nobody else up")
    func threadRate() throws {
        let kit = try WorkerKit()
        kit.sink.answer(.delivered(providerID: "p"))
        let worker = try kit.worker(threadSpacing: .milliseconds(700))
        try kit.append([("ann", "send"), ("ann", "send"), ("bob", "send")])
        try kit.decided(6)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let started = kit.sink.started.all
        let ann = started.filter { $0.action.contact == "ann" }
        try #require(ann.count == 2 && started.count == 3)
        #expect(ann[1].laneNow - ann[0].laneNow >= .milliseconds(700))
        #expect(started.last?.action.contact == "ann")
    }

    @Test("how actions ended is counted with its reason; a call that was not understood is there before the first")
    func outcomes() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        let malformed = CourierCounters.OutcomeCount(status: .failed, why: .malformed)
        #expect(worker.courierCounters.outcomes[malformed] == 0)
        try kit.append([("ann", "send")])
        try kit.decided(2)
        kit.sink.answer(.failed(SendFailure(status: 400, code: 100, message: "Invalid parameter")))
        try kit.append([("bob", "send")])
        try kit.decided(4)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let counted = worker.courierCounters.outcomes
        #expect(counted == [malformed: 1, .init(status: .delivered, why: .none): 1])
    }

    @Test("what stays in the house is not among how calls of the platform ended")
    func inwardOutcomes() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ann", "tell"), ("bob", "send")])
        try kit.decided(4)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.courierCounters.closed == 2)
        #expect(worker.courierCounters.outcomes.values.reduce(0, +) == 1)
    }

    @Test("what could not be sent is tried again, with the next attempt's number")
    func again() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let worker = try kit.worker()
        try kit.append([("ann", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        kit.sink.release(.again(after: .zero, SendFailure(status: 500, message: "later")))
        #expect(try kit.sink.started.wait { $0.count >= 2 })
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.decided(2)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.number).prefix(2) == [1, 2])
        #expect(kit.sink.started.all.map(\.tries).prefix(2) == [1, 2])
        #expect(worker.courierCounters.rescheduled >= 1)
    }

    @Test("an attempt without an answer by its deadline is ambiguous and not sent again")
    func noAnswer() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let worker = try kit.worker(patience: .milliseconds(200))
        try kit.append([("ann", "send")])
        try kit.decided(2)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules() == ["ann:send#1", "ambiguous#2"])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        #expect(worker.courierCounters.ambiguous == 1)
    }

    @Test("an action that could not go before its end expires and is not sent")
    func expired() throws {
        let kit = try WorkerKit(virtual: true)
        let worker = try kit.worker()
        try kit.append([("ann", "send 60000 30000")])
        try kit.decided(1)
        try kit.step(.seconds(61))
        try kit.decided(2)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules() == ["ann:send 60000 30000#1", "expired#2"])
        #expect(kit.sink.started.all.isEmpty)
    }

    @Test("an action waits for its instant on the lane clock")
    func notBefore() throws {
        let kit = try WorkerKit(virtual: true)
        let worker = try kit.worker()
        try kit.append([("ann", "send 90000 30000"), ("ann", "note")])
        try kit.decided(2)
        try kit.step(.seconds(31))
        try kit.decided(3)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().last == "delivered#3")
    }

    @Test("a cancelled action is not sent; one under way is, and says so")
    func cancelled() throws {
        let kit = try WorkerKit(virtual: true)
        let worker = try kit.worker()
        try kit.append([("ann", "send 90000 30000")])
        try kit.decided(1)
        try kit.append([("ann", "cancel")])
        try kit.decided(2)
        try kit.step(.seconds(31))
        kit.sink.answer(nil)
        try kit.append([("bob", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        try kit.append([("bob", "cancel")])
        try kit.decided(4)
        kit.sink.release(.again(after: .zero, SendFailure(status: 500, message: "later")))
        try kit.decided(5)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.action.contact) == ["bob"])
        #expect(try kit.rules().last == "failed#3")
    }

    @Test("an action found in the outbox is carried out by the next owner")
    func recovered() throws {
        let kit = try WorkerKit()
        let action = try plant(kit, isOpen: false)
        let worker = try kit.worker()
        try kit.decided(1)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.sink.started.wait { $0.map(\.id) == [action] })
    }

    @Test("an open attempt of a dead courier is left alone until its deadline, then ambiguous")
    func inherited() throws {
        let kit = try WorkerKit()
        _ = try plant(kit, isOpen: true)
        let worker = try kit.worker()
        try kit.decided(1)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.isEmpty)
        #expect(try kit.rules() == ["ambiguous#1"])
        #expect(worker.courierCounters.inherited == 1)
    }

    @Test("what was started before the lane was lost is still settled, and the new owner decides its outcome")
    func settledByOldOwner() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let first = try kit.worker("worker-a")
        try kit.append([("ann", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        first.revoke(kit.lane)
        #expect(try kit.reports.wait { $0.contains(.released(kit.lane)) })
        let second = try kit.worker("worker-b", assignment: 2)
        #expect(try kit.reports.wait { $0.filter { $0 == .taken(kit.lane) }.count == 2 })
        kit.sink.release(.delivered(providerID: "p"))
        try kit.decided(2)
        #expect(try kit.rules() == ["ann:send#1", "delivered#2"])
        try kit.append([("ann", "send")])
        try kit.decided(4)
        #expect(first.stop(atMost: WorkerKit.patience) && second.stop(atMost: WorkerKit.patience))
        #expect(try kit.sink.started.wait { $0.map(\.number) == [1, 1] })
    }

    @Test("what a former owner put back after the lane was taken is carried out by the new one, not forgotten")
    func putBackByOldOwner() throws {
        let kit = try WorkerKit()
        let action = try plant(kit, isOpen: true, patience: .milliseconds(1_500))
        let worker = try kit.worker()
        // The new owner finds the attempt open and leaves it alone; meanwhile the old one hears that nothing was sent.
        #expect(try kit.reports.wait { $0.contains(.taken(kit.lane)) })
        var event = Event()
        event.id = "\(action).1"
        event.account = "shop"
        event.outcome.action = action.description
        let item = SettleRequest.Item(
            action: action, attempt: 1, verdict: .again(after: .zero), outcome: try event.serializedBytes())
        _ = try kit.store.settle([SettleRequest(lane: kit.lane, items: [item])])
        #expect(try kit.sink.started.wait { $0.map(\.number) == [2] })
        try kit.decided(1)
        #expect(worker.stop(atMost: .seconds(10)))
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }

    @Test("cut connections lose no action and send none twice", arguments: 0..<3)
    func cutConnection(round: Int) throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        for batch in 0..<20 {
            try kit.append((0..<10).map { ("c\($0)-\(batch)", "send") })
            if batch % 5 == round { try kit.killConnections() }
        }
        try kit.decided(400)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == 200)
        let isOnceEach = try kit.sink.started.wait { $0.count == 200 && Set($0.map(\.id)).count == 200 }
        #expect(isOnceEach, "\(kit.sink.started.all.count) attempts were started")
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }

    /// Leaves an action in the outbox as a dead owner did; with an attempt that is open for 300 ms unless said otherwise, or without one.
    private func plant(
        _ kit: WorkerKit, isOpen: Bool, patience: Duration = .milliseconds(300)
    ) throws -> ActionID {
        let token = LaneToken(high: 1, low: 1)
        let reply = try kit.store.take([TakeRequest(lane: kit.lane, owner: "dead", assignment: 1, token: token)])[0]
        guard case .taken(let tenure) = reply else { throw WorkerKit.Unexpected(came: "\(reply)") }
        var action = Action()
        action.actionID = ActionID(high: 4, low: 2)
        action.kind = .send
        action.account = "shop"
        action.contact = "ann"
        action.conversation = EntityID.messages(account: "shop", contact: "ann").text
        var commit = LaneCommit(
            lane: kit.lane, token: token, sequence: tenure.sequence, cursor: tenure.cursor, decided: 0, policy: 3,
            now: tenure.clock.now)
        commit.actions = [LaneCommit.NewAction(id: action.actionID, bytes: try action.serializedBytes())]
        _ = try kit.store.commit([commit])
        if isOpen {
            let item = ClaimRequest.Item(action: action.actionID, attempt: 1, patience: patience)
            _ = try kit.store.claim([ClaimRequest(lane: kit.lane, token: token, items: [item])])
        }
        return action.actionID
    }
}
