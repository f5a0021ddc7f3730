import Instants
import Lanes
import Logging
import Membership
import ServiceLifecycle
import Synchronization
import Telemetry

/// Keeps an eye on the primaries behind a role's lanes, on a thread and connection of its own, and tells in log, metrics and
/// readiness what is wrong with them: one that keeps less than the named durability promises, one that is away, one whose
/// clock is off. It stops nothing itself; runners hold timers back by the same clocks.
final class RedisWatch: Service {
    let clocks: ServerClocks
    private let connector: LaneConnector
    private let metrics: MetricRegistry
    private let log: Logger
    private let bell = Bell()
    private let said = Mutex(Said())

    /// Within this time a new primary is met.
    private static let every: Duration = .seconds(2)

    private struct Said {
        var isEnded = false
        var weaker: [String] = []
        var away: [String] = []
        var reported: [String] = []
        var off: [String] = []
        var left: Set<Int> = []
    }

    init(_ connector: LaneConnector, metrics: MetricRegistry, log: Logger, clocks: ServerClocks = ServerClocks()) {
        self.connector = connector
        self.metrics = metrics
        self.log = log
        self.clocks = clocks
    }

    /// Why nobody should count on this process; nil if Redis's clocks are right.
    var unreadyReason: String? {
        said.withLock { said in
            said.off.first.map { "\($0); timers are held back" }
        }
    }

    /// What people should know although the process is ready; nil if nothing.
    var remark: String? {
        said.withLock { said in
            let words = said.weaker + said.away.map { "\($0): cannot be reached" }
            return words.isEmpty ? nil : words.joined(separator: "; ")
        }
    }

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await offPool { self.watch() }
        } onCancelOrGracefulShutdown: {
            self.said.withLock { $0.isEnded = true }
            self.bell.ring()
        }
    }

    private func watch() {
        let watch = PrimaryWatch(connector)
        while !said.withLock({ $0.isEnded }) {
            do throws(LaneError) {
                tell(try watch.look())
            } catch {
                log.info("Redis could not be looked at", metadata: .of((.cause, "\(error)")))
            }
            bell.wait(until: .now + Self.every)
        }
    }

    private func tell(_ report: PrimaryReport) {
        for sight in report.news {
            for reason in sight.check.refusals {
                log.error(
                    "A primary keeps less than its durability promises",
                    metadata: .of((.redis, sight.name), (.reason, reason)))
            }
            for warning in sight.check.warnings {
                log.info("Redis setting", metadata: .of((.redis, sight.name), (.reason, warning)))
            }
        }
        tellAway(report.away)
        tellClocks(report)
        tellMoving(report.moving)
        metrics.set(.redisWeaker, to: Double(report.weaker.count))
        metrics.set(.redisAway, to: Double(report.away.count))
        let weaker = report.weaker.map { "\($0.name): \($0.check.refusals.joined(separator: ", "))" }
        said.withLock { said in
            said.weaker = weaker
            said.away = report.away
        }
    }

    private func tellAway(_ away: [String]) {
        let before = said.withLock { $0.away }
        for name in away where !before.contains(name) {
            log.warning("A primary cannot be reached; its lanes wait", metadata: .of((.redis, name)))
        }
        for name in before where !away.contains(name) {
            log.warning("A primary is back, or its lanes are another's", metadata: .of((.redis, name)))
        }
    }

    private func tellMoving(_ slots: [MovingSlot]) {
        metrics.set(.redisSlotMoveAge, to: (slots.first?.age ?? .zero) / .seconds(1))
        let left = slots.filter(\.isLeft)
        let before = said.withLock { $0.left }
        for slot in left where !before.contains(slot.number) {
            log.warning(
                "A slot stays on its way between two primaries; its lanes wait",
                metadata: .of(
                    (.reason, "slot \(slot.number)" + (slot.isControl ? ", in which leases and switches lie" : ""))))
        }
        said.withLock { $0.left = Set(left.map(\.number)) }
    }

    private func tellClocks(_ report: PrimaryReport) {
        clocks.note(report.times)
        let leads = report.times.map { (name: $0.name, lead: clocks.lead(of: $0.time, at: $0.read)) }
        metrics.replace(
            .redisClock, with: leads.map { (labels: [("primary", $0.name)], value: $0.lead / .seconds(1)) })
        let before = said.withLock { $0.reported }
        let reported = leads.filter { $0.lead.magnitude > ServerClocks.reportedFrom }
        for (name, lead) in reported where !before.contains(name) {
            log.warning("Redis's clock and ours differ", metadata: .of((.redis, name), (.reason, "ahead by \(lead)")))
        }
        let off = zip(report.times, leads).filter { clocks.isOff($0.0.time, at: $0.0.read) }.map { _, lead in
            "\(lead.name): its clock is \(lead.lead) ahead of this process's"
        }
        said.withLock { said in
            said.reported = reported.map(\.name)
            said.off = off
        }
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
