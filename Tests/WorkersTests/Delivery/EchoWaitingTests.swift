import Channels
import Contracts
import Delivery
import Instants
import Lanes
import SwiftProtobuf
import Testing
import Workers

@Suite("Messages of which nobody can tell", .timeLimit(.minutes(5)))
struct EchoWaitingTests {
    private static let silent = SendAnswer.ambiguous(SendFailure(status: 0, message: "no answer"))
    private static let badGateway = SendAnswer.ambiguous(SendFailure(status: 502, message: "Bad gateway"))

    private static func echo(_ attempt: Attempt, _ kit: WorkerKit) throws {
        let mark = SendMark(lane: attempt.lane, action: attempt.id).description
        try echo(mark, of: attempt.action.account, attempt.action.contact, kit)
    }

    /// The echo of what stands in the double's ledger.
    static func echo(_ mark: String, _ line: JSONValue, _ kit: WorkerKit) throws {
        try echo(mark, of: line["account"]?.string ?? "", line["recipient"]?.string ?? "", kit)
    }

    private static func echo(_ mark: String, of account: String, _ contact: String, _ kit: WorkerKit) throws {
        var event = Event()
        event.id = "echo-\(mark)"
        event.account = account
        event.contact = contact
        event.receivedAt = try kit.store.serverTime().milliseconds
        event.happenedAt = event.receivedAt
        event.echo.metadata = mark
        var body: [UInt8] = []
        EventFraming.append(try event.serializedBytes(), to: &body)
        _ = try kit.append(body, count: 1)
    }

    @Test("the echo tells that it was taken: delivered, and not sent again", arguments: [silent, badGateway])
    func echoed(_ answer: SendAnswer) throws {
        let kit = try WorkerKit()
        kit.sink.answer(answer)
        let worker = try kit.worker(echoPatience: .seconds(50))
        try kit.append([("ann", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        #expect(try kit.events.wait { _ in worker.courierCounters.unheard == 1 })
        try Self.echo(try #require(kit.sink.started.all.first), kit)
        try kit.decided(3)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().last?.hasPrefix("delivered") == true, "\(kit.ruleText)")
        #expect(kit.sink.started.all.count == 1 && worker.courierCounters.ambiguous == 0)
    }

    @Test("an echo that comes before the answer fails is not forgotten")
    func echoedBefore() throws {
        let kit = try WorkerKit()
        kit.sink.answer(nil)
        let worker = try kit.worker(echoPatience: .seconds(50))
        try kit.append([("ann", "send")])
        #expect(try kit.sink.started.wait { $0.count == 1 })
        try Self.echo(try #require(kit.sink.started.all.first), kit)
        try kit.decided(2)
        kit.sink.release(Self.silent)
        try kit.decided(3)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().last?.hasPrefix("delivered") == true, "\(kit.ruleText)")
    }

    @Test("while one waits that may be said again its conversation waits, and others go, however few may be under way")
    func order() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.badGateway)
        let worker = try kit.worker(echoPatience: .seconds(500))
        try kit.append([("ann", "send"), ("ann", "send")])
        #expect(try kit.events.wait { _ in worker.courierCounters.rescheduled == 1 })
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.append([("bob", "send")])
        try kit.decided(4)
        #expect(kit.sink.started.all.map(\.action.contact) == ["ann", "bob"])
        try Self.echo(try #require(kit.sink.started.all.first), kit)
        try kit.decided(7)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.action.contact) == ["ann", "bob", "ann"])
    }

    @Test("an error of the platform's own is met as often as its row says while others of the account get answers")
    func rowsTries() throws {
        let kit = try WorkerKit()
        kit.sink.answer(.ambiguous(SendFailure(status: 500, code: 2, message: "blocked, or later")))
        let worker = try kit.worker(echoPatience: .milliseconds(50))
        try kit.append([("ann", "send")])
        try kit.decided(2)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.map(\.number) == [1, 2, 3, 4])
        #expect(try kit.rules().last?.hasPrefix("failed") == true)
    }

    @Test("one that is never said again holds its conversation up for seconds only, and waits for its echo beside it")
    func goesOn() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.silent)
        let worker = try kit.worker(echoPatience: .seconds(500), orderPatience: .milliseconds(200))
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in worker.courierCounters.unheard == 1 })
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.append([("ann", "send")])
        try kit.decided(3)
        #expect(kit.sink.started.all.count == 2, "the second text was sent: \(kit.ruleText)")
        #expect(worker.courierCounters.ambiguous == 0 && worker.courierCounters.underWay == 1)
        try Self.echo(try #require(kit.sink.started.all.first), kit)
        try kit.decided(5)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == 2, "\(kit.ruleText)")
        #expect(worker.courierCounters.ambiguous == 0)
    }

    @Test("a lane that stands still waits for no echo: what a move would wait for is named ambiguous at once")
    func standsStill() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.silent)
        let worker = try kit.worker(echoPatience: .seconds(500), orderPatience: .seconds(400))
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in worker.courierCounters.unheard == 1 })
        guard case .done = try kit.store.control([(lane: kit.lane, verb: .pause)]).first else {
            Issue.record("expected a paused lane")
            return
        }
        #expect(try kit.events.wait { _ in worker.courierCounters.ambiguous == 1 })
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test(
        "an echo that comes late finds the message waiting in the outbox, also of another owner, and nothing is sent twice"
    )
    func late() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.badGateway)
        let first = try kit.worker(echoPatience: .seconds(500))
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in first.courierCounters.rescheduled == 1 })
        #expect(first.stop(atMost: WorkerKit.patience))
        let waiting = try #require(try kit.store.recover(kit.lane).first)
        let left = waiting.nextAttempt - (try kit.store.serverTime())
        #expect(!waiting.isOpen && left > .seconds(400), "the wait outlives its worker: \(left)")

        kit.sink.answer(.delivered(providerID: "p"))
        let second = try kit.worker("worker-b", assignment: 2, echoPatience: .seconds(500))
        #expect(try kit.events.wait { _ in second.courierCounters.waiting == 1 })
        try Self.echo(try #require(kit.sink.started.all.first), kit)
        try kit.decided(3)
        #expect(second.stop(atMost: WorkerKit.patience))
        #expect(kit.sink.started.all.count == 1)
        #expect(try kit.rules().last?.hasPrefix("delivered") == true, "\(kit.ruleText)")
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }

    @Test("a message whose end comes while it waits may have been sent: ambiguous, not expired")
    func expires() throws {
        let kit = try WorkerKit(virtual: true)
        kit.sink.answer(Self.badGateway)
        let worker = try kit.worker(echoPatience: .seconds(500))
        try kit.append([("ann", "send 60000")])
        #expect(try kit.events.wait { _ in worker.courierCounters.rescheduled == 1 })
        try kit.step(.seconds(61))
        try kit.append([("bob", "hello")])
        try kit.decided(3)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().contains { $0.hasPrefix("ambiguous") }, "\(kit.ruleText)")
    }

    @Test(
        "a text that is cancelled while it waits after a 502 ends as ambiguous at once, though its account is at rest")
    func cancelledUnclear() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.badGateway)
        let worker = try kit.worker(echoPatience: .seconds(500), firstRest: .seconds(400))
        try kit.append((0..<5).map { ("c\($0)", "send") })
        #expect(try kit.events.wait { _ in worker.courierCounters.restingAccounts == 1 })
        #expect(try kit.events.wait { _ in worker.courierCounters.rescheduled == 5 })
        try kit.append([("c3", "cancel")])
        try kit.decided(7)
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().last?.hasPrefix("ambiguous") == true, "\(kit.ruleText)")
        #expect(try kit.store.recover(kit.lane).count == 4)
        #expect(kit.sink.started.all.count == 5)
    }

    @Test("the same with another owner, which knows of the first attempt by the outbox alone")
    func cancelledByAnother() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.badGateway)
        let first = try kit.worker(echoPatience: .seconds(500))
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in first.courierCounters.rescheduled == 1 })
        #expect(first.stop(atMost: WorkerKit.patience))
        #expect(try kit.store.recover(kit.lane).map(\.isUnclear) == [true])
        // Written while nobody owns the lane.
        try kit.append([("ann", "cancel")])
        kit.sink.answer(.delivered(providerID: "p"))
        let second = try kit.worker("worker-b", assignment: 2, echoPatience: .seconds(500))
        try kit.decided(3)
        #expect(try kit.store.recover(kit.lane).isEmpty)
        #expect(second.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().last?.hasPrefix("ambiguous") == true, "\(kit.ruleText)")
        #expect(kit.sink.started.all.count == 1)
    }

    @Test("a text that surely did not go is removed by a cancel without an outcome")
    func cancelledSure() throws {
        let kit = try WorkerKit()
        kit.sink.answer(.again(after: .seconds(400), SendFailure(status: 400, code: 2, message: "later")))
        let worker = try kit.worker(echoPatience: .seconds(500))
        try kit.append([("ann", "send")])
        #expect(try kit.events.wait { _ in worker.courierCounters.rescheduled == 1 })
        try kit.append([("ann", "cancel")])
        try kit.decided(2)
        #expect(try kit.store.recover(kit.lane).isEmpty)
        #expect(try kit.events.wait { _ in worker.courierCounters.waiting == 0 })
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().count == 2, "\(kit.ruleText)")
    }

    @Test("an outage of the platform loses no answer, sends none twice and is met with probes, not with calls")
    func outage() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.badGateway)
        let worker = try kit.worker(echoPatience: .milliseconds(50), firstRest: .milliseconds(300))
        let count = 120
        try kit.append((0..<count).map { ("c\($0)", "send") })
        #expect(try kit.events.wait { _ in worker.courierCounters.brakes >= 3 })
        #expect(worker.courierCounters.restingAccounts == 1)
        let during = kit.sink.started.all.count
        #expect(during < count, "\(during) calls to a platform that answers none")
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.decided(UInt64(2 * count))
        #expect(try kit.events.wait { _ in worker.courierCounters.restingAccounts == 0 })
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(try kit.rules().filter { $0.hasPrefix("delivered") }.count == count, "\(kit.ruleText)")
        #expect(worker.courierCounters.ambiguous == 0)
        #expect(try kit.store.recover(kit.lane).isEmpty)
    }

    @Test("an account that rests delays no other")
    func others() throws {
        let kit = try WorkerKit()
        kit.sink.answer(Self.silent)
        let worker = try kit.worker(firstRest: .seconds(50))
        try kit.append((0..<8).map { ("c\($0)", "send") })
        #expect(try kit.events.wait { _ in worker.courierCounters.restingAccounts == 1 })
        kit.sink.answer(.delivered(providerID: "p"))
        try kit.append([("ann", "send")], account: "two")
        #expect(try kit.sink.started.wait { $0.contains { $0.action.account == "two" } })
        #expect(try kit.store.brakes([.account("shop")])[0]?.reason.hasPrefix("no answer") == true)
        #expect(try kit.store.brakes([.account("two")])[0] == nil)
        #expect(worker.stop(atMost: WorkerKit.patience))
    }
}
