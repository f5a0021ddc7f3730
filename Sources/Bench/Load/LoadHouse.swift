package import Contracts
import Conversations
import Delivery
import Foundation
import Instants
package import Lanes
import Membership
package import Redis
import Synchronization
package import Workers

/// Everything of the product that a measurement needs, in this process: lanes in Redis, a worker with its runners and its
/// courier, which carries to a sink in this process, and the clock.
///
/// No coordinator: lanes are granted once, which is what a quiet placement comes to.
package final class LoadHouse {
    package let shop: LoadShop
    package let connector: LaneConnector
    package let lanes: [LaneName]
    package let service: WorkerService
    package let connection: RedisConnection
    let sink = InProcessSink()
    let clock: LoadClock
    let store: LaneStore
    private let tells: TellCarrier
    private let tellAppender: LaneAppender
    private var isStopped = false

    /// What the worker does about the actions that decisions name.
    package enum Handler: String, Sendable, CaseIterable {
        /// What production does.
        case full
        /// The same decisions, but no action is committed: what a decision without action costs.
        case silent
        /// No policy: a count in the state and a result.
        case noop

        var decider: Decider {
            switch self {
            case .full: .conversations
            case .noop: .noop
            case .silent:
                Decider { id, own, parent, input, now, policy, signals in
                    var decision = try Conversations.decide(
                        id, own: &own, parent: &parent, input: input, now: now, policy: policy, signals: signals)
                    decision.actions = []
                    decision.cancels = []
                    decision.result.actions = []
                    return decision
                }
            }
        }
    }

    /// Creates the lanes at the first night and has them taken.
    package init(
        shop: LoadShop, connector: LaneConnector, handler: Handler = .full, runners: Int = 2,
        committed: (@Sendable (LaneName, [CommittedEvent]) -> Void)? = nil
    ) throws {
        self.shop = shop
        self.connector = connector
        connection = try RedisConnection(connector.endpoint, clientName: "bench")
        store = LaneStore(connection: connection, keyspace: connector.keyspace)
        guard let night = shop.night(after: Instant(seconds: Int64(Date().timeIntervalSince1970))) else {
            throw LoadError("expected a night of all markets within 60 days, found none")
        }
        clock = LoadClock(start: night)
        let topologies = TopologyStore(connection: connection, keyspace: connector.keyspace)
        let disagreements = try topologies.create(shop.wish(offset: clock.ahead))
        guard disagreements.isEmpty else { throw LoadError("expected an empty Redis, found \(disagreements)") }
        lanes = try topologies.read().lanes
        tellAppender = LaneAppender(connector: connector)
        tells = TellCarrier(appender: tellAppender)
        let taken = TakenLanes()
        var setting = WorkerSetting(
            connector: connector, owner: "bench#1", runners: runners, decider: handler.decider, policy: shop.policy,
            carriers: Carriers(channel: sink, tell: tells, notify: sink),
            // The sink has no rate of its own: what a platform allows is not to be measured here.
            limits: ScheduleLimits(underWay: 4_096, underWayPerAccount: 512), committed: committed)
        setting.threadSpacing = { _ in nil }
        service = try WorkerService(setting, report: { taken.note($0) })
        for lane in lanes { service.grant(lane, assignment: 1) }
        try taken.wait(for: lanes.count)
    }

    private final class TakenLanes: Sendable {
        private let count = Mutex(0)

        func note(_ report: LaneReport) {
            if case .taken = report { count.withLock { $0 += 1 } }
        }

        func wait(for wanted: Int) throws {
            let deadline = ContinuousClock.now + .seconds(30)
            while count.withLock({ $0 }) < wanted {
                guard ContinuousClock.now < deadline else {
                    throw LoadError("expected \(wanted) lanes to be taken within 30 s, got \(count.withLock { $0 })")
                }
                LoadPause.millisecond()
            }
        }
    }

    /// Ends the worker's threads.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        _ = service.stop(atMost: .seconds(5))
        _ = tells.stop(atMost: .seconds(2))
        tellAppender.stop()
    }

    deinit { stop() }

    /// Decisions about events that were appended by producers; outcomes are taken out.
    package static func decided(by service: WorkerService) -> Int {
        Int(service.counters.decided) - Int(service.courierCounters.closed)
    }

    /// Waits until everything that was appended is decided, every action settled and every timer fired.
    ///
    /// The counters in this process tell when it may be so, the lanes then whether it is.
    func waitForQuiet(appended: Int, patience: Duration = .seconds(120)) throws {
        let deadline = ContinuousClock.now + patience
        while true {
            let courier = service.courierCounters
            if courier.waiting == 0, courier.underWay == 0, Self.decided(by: service) >= appended, try isQuiet() {
                return
            }
            guard ContinuousClock.now < deadline else {
                throw LoadError(
                    "expected \(appended) events to be decided and settled within \(patience), got "
                        + "\(Self.decided(by: service)), \(courier.waiting) actions wait, \(courier.underWay) are under way"
                )
            }
            LoadPause.millisecond()
        }
    }

    /// No action is open before and after every lane was found decided: an action enters Redis with the decision that made
    /// it and leaves with its outcome's entry. The courier's counters are read last, since they follow its settlements.
    private func isQuiet() throws -> Bool {
        guard try openActions() == 0 else { return false }
        for look in try store.look(lanes) {
            if look.pending > 0 { return false }
            if let due = look.nextDue, due <= look.serverTime + look.offset { return false }
        }
        guard try openActions() == 0 else { return false }
        let courier = service.courierCounters
        return courier.waiting == 0 && courier.underWay == 0
    }

    /// Moves every lane's clock forwards.
    func step(by duration: Duration) throws {
        guard duration > .zero else { return }
        for reply in try store.control(lanes.map { (lane: $0, verb: ControlVerb.step(duration)) }) {
            guard case .done = reply else { throw LoadError("expected a stepped clock, got \(reply)") }
        }
        clock.stepped(duration)
    }

    /// Actions that no settlement has met.
    func openActions() throws -> Int {
        let counts = try connection.pipeline(
            lanes.map { lane in
                var command = RedisCommand("HLEN")
                command.add(connector.keyspace.lane(lane).actions)
                return command
            })
        return Int(counts.reduce(0) { $0 + ($1.int ?? 0) })
    }

    /// Counts the result streams of all lanes.
    func tally(since start: Instant) throws -> LoadTally {
        var tally = LoadTally()
        for lane in lanes {
            var after = EntryID.start
            while true {
                let page = try store.results(lane, after: after, most: 50)
                for stored in page { tally.add(stored.batch.results, since: start.milliseconds) }
                guard let last = page.last, page.count == 50 else { break }
                after = last.entry
            }
        }
        return tally
    }
}
