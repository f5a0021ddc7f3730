import BusinessTime
import Contracts
import Conversations
import Coordination
import Instants
import Lanes
import Logging
import Membership
import ServiceLifecycle
import Settings
import Telemetry
import Workers

/// One coordinator process: tries to lead, and while it leads places lanes.
final class CoordinatorRole: Service {
    private let coordinator: Coordinator
    private let connector: LaneConnector
    private let metrics: MetricRegistry
    private let log: Logger
    private let retired: RetiredForgetter

    init(name: String, connector: LaneConnector, metrics: MetricRegistry, log: Logger) throws {
        self.metrics = metrics
        self.connector = connector
        self.log = log
        let named = log.with(.member, name)
        retired = RetiredForgetter(connector: connector, log: named)
        coordinator = Coordinator(
            id: try MemberID(name: name, incarnation: UInt64.random(in: 1...UInt64(Int64.max))),
            settings: .init(version: nightshiftVersion), connector: connector, log: named)
    }

    /// Nil while Redis answers it, leading or not, else the reason in words.
    var unreadyReason: String? {
        coordinator.standing.control == nil ? coordinator.standing.fault ?? "not started" : nil
    }

    var isLeading: Bool { coordinator.standing.isLeading(at: .now) }

    /// A predecessor's word that is older is no metric any more: a gauge cannot tell its age.
    private static let oldestDemand = Duration.seconds(60)

    /// How many workers there ought to be, JSON; nil while it does not lead, and before any leader has measured.
    var capacity: String? {
        let standing = coordinator.standing
        guard standing.isLeading(at: .now), let word = standing.demand else { return nil }
        return CapacityReport(word).json
    }

    func run() async throws {
        var policy: UInt64 = 0
        var watch = WatchStart(connector: connector, log: log)
        var lag = SweepLag(connector: connector, log: log)
        defer { watch.stop() }
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let standing = coordinator.standing
            let leads = standing.isLeading(at: .now)
            metrics.set(.leading, to: leads ? 1 : 0)
            retired.lead(leads ? standing.window?.term : nil)
            if leads, let word = standing.demand, let control = standing.control,
                control.now - word.at <= Self.oldestDemand
            {
                metrics.set(.desiredWorkers, [("at", "now")], to: Double(word.demand.now))
                metrics.set(.desiredWorkers, [("at", "next_hour")], to: Double(word.demand.nextHour))
            }
            if let control = standing.control {
                let age = (leads ? standing.movesSince : nil).map { max(.zero, control.now - $0) / .seconds(1) }
                metrics.set(.moveAge, to: age ?? 0)
            }
            if leads, let took = standing.planTook { metrics.set(.planSeconds, to: took / .seconds(1)) }
            let orders = leads ? retired.open : OpenOrders()
            metrics.set(.forgetOrdersOpen, to: Double(orders.count))
            metrics.set(.forgetOrderAge, to: orders.since.map { (.now - $0) / .seconds(1) } ?? 0)
            metrics.set(.figuresContained, to: leads ? Double(standing.contained) : 0)
            metrics.set(.membersOlder, to: leads ? Double(standing.older) : 0)
            let hot = leads ? standing.hot : []
            metrics.replace(.hotLaneDecisions, with: hot.map { ([("lane", $0.lane.text)], $0.rate) })
            metrics.replace(
                .hotConversationShare, with: hot.map { ([("lane", $0.lane.text)], $0.talkers.first?.share ?? 0) })
            let wanted = standing.control?.numbers.policy ?? 0
            if wanted != policy, let swept = await use(policy: wanted) {
                policy = wanted
                lag.use(swept)
            }
            await lag.look(leads: leads)
            metrics.replace(.sweepsBehind, with: lag.behind().map { [([], $0 / .seconds(1))] } ?? [])
            if leads, let control = standing.control, policy != 0 {
                await watch.start(policy: policy, now: control.now)
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        await offPool { [coordinator, retired] in
            _ = retired.stop(atMost: .seconds(5))
            coordinator.resign()
        }
    }

    /// Gives the forecast the calendars of a newer policy; its accounts. Nil if it cannot be read: the last ones stay.
    private func use(policy number: UInt64) async -> [SweptAccount]? {
        let connector = connector
        do {
            let read = try await offPool {
                // Phrases are most of a policy, and say nothing of hours.
                try Session(connector).policyIfAny(knowsTexts: false).map {
                    (hours: Self.hours($0), keep: $0.keep, swept: SweptAccount.all($0))
                }
            }
            if let read {
                coordinator.use(read.hours)
                let retention = Retention(
                    log: read.keep.logs, mostLogBytes: read.keep.mostLogBytes, results: read.keep.results,
                    deadLetters: read.keep.deadLetters)
                coordinator.use(retention)
                retired.keep(retention)
            }
            return read?.swept ?? []
        } catch {
            log.warning("The calendars of a newer policy could not be read", metadata: .of((.cause, "\(error)")))
            return nil
        }
    }

    private static func hours(_ policy: Policy) -> [String: PartitionHours] {
        var hours: [String: PartitionHours] = [:]
        for (name, partition) in policy.partitions {
            guard let market = policy.markets[partition.market],
                let zone = (try? ZoneName(partition.zone)).flatMap({ policy.zones[$0] }) ?? policy.zones[market.zone]
            else { continue }
            let coverage = market.coverage
            hours[name.text] = PartitionHours(
                offset: { zone.offset(at: $0) }, isOpen: { coverage.isOpen(at: $0) })
        }
        return hours
    }
}
