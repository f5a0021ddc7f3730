import Channels
import Contracts
import Delivery
import Lanes
import Synchronization
import Testing
import Workers

@Suite("Limits of an account, shared by workers")
struct AccountLimitsTests {
    /// At most eleven sends in any half second: ten slots of one.
    private static let limit = TokenLimit("sends", most: 12, per: .milliseconds(500))

    /// Delivers at once and notes when.
    private final class Notebook: ActionCarrier {
        private let started = Mutex<[(account: String, at: ContinuousClock.Instant)]>([])
        var all: [(account: String, at: ContinuousClock.Instant)] { started.withLock { $0 } }

        func start(_ attempts: [Attempt], answers: AnswerBox) {
            let now = ContinuousClock.now
            started.withLock { $0 += attempts.map { ($0.action.account, now) } }
            answers.post(
                attempts.map { Answered(id: $0.id, attempt: $0.number, answer: .delivered(providerID: "p")) })
        }
    }

    @Test("two workers keep one account's limit together, every text goes, and another account waits for nothing")
    func together() throws {
        let kit = try WorkerKit()
        let second = PartitionName.sample.lane(1)
        let notebook = Notebook()
        func worker(_ name: String, _ lane: LaneName) throws -> WorkerService {
            let setting = WorkerSetting(
                connector: kit.connector, owner: name, runners: 1, decider: FakeDecider.decider,
                policy: try WorkerKit.policy(),
                carriers: Carriers(channel: notebook, tell: notebook, notify: notebook),
                tokens: { $0 == "shop" ? [Self.limit] : [] },
                committed: { [events = kit.events] _, committed in events.ring(with: committed.map { _ in 1 }) })
            let worker = try WorkerService(setting) { _ in }
            worker.grant(lane, assignment: 1)
            return worker
        }
        let workers = [try worker("worker-a", kit.lane), try worker("worker-b", second)]
        let count = 17
        for lane in [kit.lane, second] {
            for account in ["shop", "free"] {
                try kit.append((0..<count).map { ("\(account)-\($0)", "send") }, account: account, to: lane)
            }
        }
        // Each text and its outcome.
        try kit.decided(UInt64(4 * count))
        #expect(try kit.events.wait { _ in try kit.store.look([second])[0].decided >= UInt64(4 * count) })
        let limited = workers.map(\.courierCounters.limited).reduce(0, +)
        for worker in workers { #expect(worker.stop(atMost: WorkerKit.patience)) }
        let shop = notebook.all.filter { $0.account == "shop" }.map(\.at)
        let free = notebook.all.filter { $0.account == "free" }.map(\.at)
        #expect(shop.count == 2 * count && free.count == 2 * count)
        #expect(limited > 0)
        // 34 texts, eleven in any half second: the last goes at least a second and a half after the first, less what a start
        // lags behind its claim.
        let (first, last) = (try #require(shop.min()), try #require(shop.max()))
        #expect(last - first > .seconds(1), "\(last - first)")
        #expect(try #require(free.max()) < last)
    }

    @Test("texts of one worker are leased by the dozen, not one by one")
    func fewCalls() throws {
        let kit = try WorkerKit()
        let limit = TokenLimit("sends", most: 120_000, per: .seconds(1))
        let notebook = Notebook()
        let began = ContinuousClock.now
        let worker = try WorkerService(
            WorkerSetting(
                connector: kit.connector, owner: "worker-a", runners: 1, decider: FakeDecider.decider,
                policy: try WorkerKit.policy(),
                carriers: Carriers(channel: notebook, tell: notebook, notify: notebook), tokens: { _ in [limit] },
                committed: { [events = kit.events] _, committed in events.ring(with: committed.map { _ in 1 }) })
        ) { _ in }
        worker.grant(kit.lane, assignment: 1)
        for batch in 0..<10 { try kit.append((0..<100).map { ("c\(batch)-\($0)", "send") }) }
        try kit.decided(2_000)
        let slots = UInt64((ContinuousClock.now - began) / .milliseconds(100)) + 2
        #expect(worker.stop(atMost: WorkerKit.patience))
        #expect(worker.courierCounters.started == 1_000)
        // One look a slot for tokens, and one as often for the brake.
        #expect(worker.courierCounters.leases <= 2 * slots, "\(worker.courierCounters.leases) in \(slots) slots")
    }
}
