import Contracts
import Delivery
import Logging
import Telemetry
import Workers

/// What a worker's runners and courier count, as its metrics tell it.
struct WorkerFigures {
    let metrics: MetricRegistry
    let log: Logger
    /// As it was exported last.
    private var before = RunnerCounters()
    /// Accounts are configured, so they are few; a house of many is told by its first ones and the rest together.
    private var accounts = LabelCap(most: 200)

    init(metrics: MetricRegistry, log: Logger) {
        self.metrics = metrics
        self.log = log
    }

    mutating func export(_ now: RunnerCounters, _ courier: CourierCounters) {
        metrics.add(.decisions, [("verdict", "any")], by: Double(now.decided - before.decided))
        metrics.add(.commitsRefused, by: Double(now.refusedCommits - before.refusedCommits))
        for (account, count) in now.missed.sorted(by: { $0.key < $1.key }) {
            let more = count - min(count, before.missed[account] ?? 0)
            if more > 0 { metrics.add(.eventsMissed, [("account", accounts.label(account))], by: Double(more)) }
        }
        metrics.add(.deadLetters, by: Double(now.deadLetters - before.deadLetters))
        metrics.add(.redisReconnects, [("role", "runner")], by: Double(now.reconnects - before.reconnects))
        metrics.add(.entriesTrimmed, by: Double(now.trimmedEntries - before.trimmedEntries))
        for added in now.acceptedToCommitted.added(since: before.acceptedToCommitted) {
            metrics.observe(.acceptedToCommitted, seconds: added.upTo / .seconds(1), count: added.count)
        }
        metrics.set(.actionsClosed, to: Double(courier.closed))
        courier.exportOutcomes(metrics)
        metrics.set(.actionsAmbiguous, to: Double(courier.ambiguous))
        metrics.set(.accountLooks, to: Double(courier.leases))
        metrics.set(.sendsLimited, to: Double(courier.limited))
        metrics.set(.lanesOwned, to: Double(now.lanes))
        metrics.set(.lanesWaiting, to: Double(now.waiting))
        metrics.set(.lanesDamaged, to: Double(now.damaged.count))
        for (lane, words) in now.damaged.sorted(by: { $0.key < $1.key }) where before.damaged[lane] != words {
            log.error(
                "A lane waits: its keys are not what they must be", metadata: .of((.lane, lane.text), (.cause, words)))
        }
        metrics.set(.lanesHoldingTimers, to: Double(now.holding))
        metrics.set(.actionsOpen, to: Double(courier.waiting + courier.underWay))
        metrics.set(.accountsStopped, to: Double(courier.stoppedAccounts))
        metrics.set(.accountsResting, to: Double(courier.restingAccounts))
        before = now
    }
}
