import Channels
import Contracts
import Delivery
import Instants
import Lanes
import TestSupport
import Testing
import Workers

@Suite("What stands between a picked action and the platform")
struct SendingGateTests {
    private static let throttled = SendAnswer.braked(
        .account, for: .seconds(4), SendFailure(status: 400, code: 80_006, message: "too many calls"))

    @Test("two conversations with one comment act on it once, and the second says so")
    func oncePerComment() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ad", "reply C9")])
        try kit.decided(2)
        try kit.append([("original", "reply C9"), ("original", "hide C9"), ("other", "reply C10")])
        try kit.decided(8)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let carried = kit.sink.started.all.map { "\($0.action.kind.word) \($0.action.comment)" }
        #expect(try kit.sink.started.wait { $0.count == 3 }, "\(carried)")
        #expect(try kit.rules().filter { $0.hasPrefix("alreadyDone") }.count == 1, "\(kit.ruleText)")
        #expect(worker.courierCounters.alreadyDone == 1)
    }

    @Test("an action that is tried again has its claim; a refused one gives it back; a person is never refused")
    func claimsFollowActions() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let worker = try kit.worker()
        try kit.append([("ad", "reply C9")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        kit.sink.release(.again(after: .zero, SendFailure(status: 500, message: "later")))
        #expect(try kit.sink.started.wait { $0.count >= 2 })
        kit.sink.release(.failed(SendFailure(status: 400, code: 10_900, message: "gone")))
        try kit.decided(2)
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.append([("original", "reply C9")])
        try kit.decided(4)
        try kit.append([("ad", "reply C9 ann")])
        try kit.decided(6)
        #expect(worker.stop(atMost: WorkerKit.patience))
        let outcomes = try kit.rules().filter { !$0.contains(":") }.map { $0.prefix { $0 != "#" } }
        #expect(outcomes == ["failed", "delivered", "delivered"], "\(kit.ruleText)")
    }

    @Test(
        "what is switched off is decided and not sent, and its outcome says so",
        arguments: [
            AutomationScope.all, .account("shop"), .market("de"), .rule("fake"),
        ])
    func switchedOff(scope: AutomationScope) throws {
        let kit = try WorkerKit()
        try kit.store.setAutomation([scope], isOn: false, by: "ann")
        let worker = try kit.worker()
        try kit.append([("ann", "send"), ("bob", "hide C9"), ("cy", "reply C9 ann"), ("dan", "tell")])
        try kit.decided(8)
        #expect(worker.courierCounters.switchedOff == 2)
        #expect(try kit.rules().filter { $0.hasPrefix("cancelled") }.count == 2, "\(kit.ruleText)")
        try kit.store.setAutomation([scope], isOn: true, by: "ann")
        try waitUntilSent(kit)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(Set(kit.sink.started.all.map(\.action.contact)).isSuperset(of: ["cy", "dan"]))
        #expect(!kit.sink.started.all.map(\.action.contact).contains("ann"))
        #expect(!kit.sink.started.all.map(\.action.contact).contains("bob"))
    }

    @Test(
        "of a paused account nothing goes, a person's words neither; all of it goes afterwards, and desks are told meanwhile"
    )
    func paused() throws {
        let kit = try WorkerKit()
        try kit.store.setPause(["shop"], .pause, by: "ann")
        let worker = try kit.worker()
        try kit.append([("ann", "send"), ("bob", "hide C9"), ("cy", "reply C9 ann"), ("dan", "tell")])
        try kit.append([("eve", "send")], account: "elsewhere")
        // Decided are the five, and what became of the tell and of the other account's send.
        try kit.decided(7)
        #expect(Set(kit.sink.started.all.map(\.action.contact)) == ["dan", "eve"])
        try kit.store.setPause(["shop"], nil, by: "ann")
        #expect(try kit.sink.started.wait { $0.count == 5 })
        try kit.decided(10)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == 5, "\(kit.ruleText)")
    }

    @Test("a drained account sends what was decided before, and nothing that was decided afterwards")
    func drained() throws {
        let kit = try WorkerKit()
        try kit.store.setPause(["shop"], .pause, by: "ann")
        let worker = try kit.worker()
        try kit.append([("ann", "send")])
        try kit.decided(1)
        try kit.store.setPause(["shop"], .drain, by: "ann")
        let since = try #require(try kit.store.accountPauses()["shop"]).since
        try PrivateCluster.wait("it is later") { try kit.store.serverTime() > since }
        try kit.append([("bob", "send")])
        // Both, and what became of the first.
        try kit.decided(3)
        #expect(kit.sink.started.all.map(\.action.contact) == ["ann"])
        try kit.store.setPause(["shop"], nil, by: "ann")
        try kit.decided(4)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.action.contact) == ["ann", "bob"])
    }

    @Test("a switch that is thrown under load stops sends within a second")
    func switchedUnderLoad() throws {
        let kit = try WorkerKit()
        let worker = try kit.worker()
        try kit.append([("ann", "send")])
        try kit.decided(2)
        try kit.store.setAutomation([.account("shop")], isOn: false, by: "ann")
        let end = ContinuousClock.now + .seconds(1)
        var batch = 0
        while ContinuousClock.now < end {
            batch += 1
            try kit.append([("c\(batch)", "send")])
            try kit.decided(UInt64(2 + 2 * batch))
        }
        let before = try sends(kit)
        try kit.append((0..<20).map { ("late\($0)", "send") })
        try kit.decided(UInt64(2 + 2 * batch + 40))
        #expect(try sends(kit) == before)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.courierCounters.switchedOff >= 20)
    }

    @Test("a throttled account gets no call from any worker until its release, and others go on")
    func sharedBrake() throws {
        let kit = try WorkerKit()
        let lanes = (PartitionName.sample.lane(0), PartitionName.sample.lane(1))
        let second = GatedCarrier()
        kit.sink.answer(Self.throttled)
        let first = try kit.worker("worker-a", lane: lanes.0)
        let other = try kit.worker("worker-b", lane: lanes.1, sink: second)
        try kit.append([("ann", "send")], to: lanes.0)
        #expect(try kit.sink.started.wait { $0.count == 1 })
        var brake: AccountBrake?
        #expect(
            try kit.events.wait { _ in
                brake = try kit.store.brakes([.account("shop")])[0]
                return brake != nil
            })
        let until = try #require(brake).until
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.append([("bob", "send"), ("cy", "send"), ("dan", "tell")], to: lanes.1)
        try kit.append([("eve", "send")], account: "two", to: lanes.1)
        try kit.append([("fay", "send")], to: lanes.0)
        #expect(try second.started.wait { Set($0.map(\.action.contact)).isSuperset(of: ["dan", "eve"]) })
        // On a slow machine the brake may be over before the others went.
        if second.started.all.count > 2 { #expect(try kit.store.serverTime() >= until) }
        #expect(try second.started.wait { $0.count == 4 })
        #expect(try kit.store.serverTime() >= until)
        #expect(try kit.sink.started.wait { $0.count == 3 })
        #expect(first.stop(atMost: WorkerKit.patience) && other.stop(atMost: WorkerKit.patience))
    }

    @Test("a brake that is released lets all workers go on at once")
    func released() throws {
        let kit = try WorkerKit()
        kit.sink.answer(.stopAccount(SendFailure(status: 400, code: 190, message: "token")))
        let worker = try kit.worker()
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in try kit.store.brakes([.account("shop")])[0] != nil })
        #expect(try kit.events.wait { _ in worker.courierCounters.stoppedAccounts == 1 }, "what on call is paged for")
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.store.release(.account("shop"))
        try kit.decided(2)
        #expect(try kit.events.wait { _ in worker.courierCounters.stoppedAccounts == 0 })
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.number) == [1, 2])
        #expect(
            kit.sink.started.all.map(\.tries) == [1, 1], "what the account's state refused is no try of the message")
    }

    @Test("a limit of the app brakes the accounts of that app, those that were never met too, and no others")
    func app() throws {
        let kit = try WorkerKit()
        kit.sink.answer(.braked(.app, for: .seconds(4), SendFailure(status: 400, code: 4, message: "app limit")))
        let worker = try kit.worker(siblings: { $0 == "three" ? ["three"] : ["shop", "two"] })
        try kit.append([("ann", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        kit.sink.answer(.delivered(providerID: "p"))
        var brake: AccountBrake?
        #expect(
            try kit.events.wait { _ in
                brake = try kit.store.brakes([.account("two")])[0]
                return brake != nil
            })
        let until = try #require(brake).until
        try kit.append([("cy", "send")], account: "three")
        #expect(try kit.sink.started.wait { $0.count == 2 })
        #expect(kit.sink.started.all.last?.action.account == "three")
        try kit.append([("bob", "send")], account: "two")
        #expect(try kit.sink.started.wait { $0.count == 4 })
        #expect(try kit.store.serverTime() >= until)
        #expect(try kit.store.brakes([.account("three"), .everybody]) == [nil, nil])
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    private func sends(_ kit: WorkerKit) throws -> Int {
        try kit.rules().filter { $0.hasPrefix("delivered") }.count
    }

    /// Sends anew until one goes: the courier reads the switches twice a second.
    private func waitUntilSent(_ kit: WorkerKit) throws {
        let end = ContinuousClock.now + WorkerKit.patience
        var decided: UInt64 = 8
        while ContinuousClock.now < end {
            try kit.append([("again", "send")])
            decided += 2
            try kit.decided(decided)
            if kit.sink.started.all.contains(where: { $0.action.contact == "again" }) { return }
        }
        Issue.record("expected sends after the switch was on again, got none: \(kit.ruleText)")
    }
}
