// Fires the faults of a plan and watches what becomes of the lanes.
//
// Problem: a fault must be fired at the instant in which its victim has work, and what it met must be read before anybody
// else touches it. Choice: one thread does everything in turn: looks, fires, waits until the victim is gone, reads, starts it
// again; nothing it does waits for anything but Redis. A kill -9 is waited for before the reading, so that what is counted as
// in hand can no longer be committed by the victim. Rejected: a task a fault, whose reading would race with the restart.

private import Glibc
import Instants

final class FaultConductor {
    private let plan: DrillPlan
    private let site: DrillSite
    private let ground: DrillGround
    private let eye: LaneEye
    private let producer: DrillProducer
    private let figures: RoleFigures
    private(set) var records: [FaultRecord] = []
    private var watch = RecoveryWatch()
    /// The longest that a lane stood still, over all faults that hit it meanwhile.
    var longestStill: Duration { watch.longest }
    private var sights: [String: LaneEye.Sight] = [:]
    private var start = ContinuousClock.now
    private var victims = VictimChoice()
    private var frozen: (worker: Int, until: ContinuousClock.Instant, lanes: [String])?
    private var redisDown: (fault: Int, since: ContinuousClock.Instant)?
    /// The longest that an aimed fault waits for its instant.
    private static let aimFor: Duration = .milliseconds(1_500)

    /// How long everything must have been quiet: longer than ingress takes to say what it has spooled.
    private static let quietFor: Duration = .seconds(2)

    init(
        _ plan: DrillPlan, _ site: DrillSite, _ ground: DrillGround, _ eye: LaneEye, _ producer: DrillProducer,
        _ figures: RoleFigures
    ) {
        self.plan = plan
        self.site = site
        self.ground = ground
        self.eye = eye
        self.producer = producer
        self.figures = figures
    }

    /// Returns when every fault was fired and everything is decided and settled; false if the deadline came first.
    func run() throws(DrillFailure) -> Bool {
        start = .now
        var faults = plan.faults[...]
        var deadline = ContinuousClock.now + plan.duration * 3 + plan.settleWithin
        var wasDone = false
        var quietSince = ContinuousClock.now
        while ContinuousClock.now < deadline {
            look()
            thawIfDue()
            if let fault = faults.first, ContinuousClock.now - start >= fault.at, redisDown == nil {
                try fire(fault)
                faults.removeFirst()
            }
            if producer.isDone, !wasDone {
                wasDone = true
                deadline = .now + plan.settleWithin
                site.note(
                    "  all events accepted after \((ContinuousClock.now - start).inSeconds) s; waiting until all is settled"
                )
            }
            let isQuiet = wasDone && figures.spooled == 0 && sights.values.allSatisfy(\.isQuiet)
            if !isQuiet || !faults.isEmpty || frozen != nil || redisDown != nil { quietSince = .now }
            if ContinuousClock.now - quietSince >= Self.quietFor {
                watch.end(sights, records: &records)
                return true
            }
            usleep(30_000)
        }
        watch.end(sights, records: &records)
        return false
    }

    private func look() {
        guard let now = eye.look() else { return }
        sights = now
        if let down = redisDown {
            records[down.fault].outage = ContinuousClock.now - down.since
            redisDown = nil
            watch.begin(
                fault: down.fault, lanes: eye.lanes, sights: now, isOwnerKept: true, now: .now, records: &records)
        }
        watch.update(now, now: .now, records: &records)
    }

    private func fire(_ fault: PlannedFault) throws(DrillFailure) {
        switch fault.kind {
        case .kill(let isAimed): try killWorker(fault, isAimed)
        case .stop: stopWorker(fault)
        case .coordinator:
            note(fault, "c1")
            ground.coordinator.killNow()
            try ground.coordinator.start()
        case .redis:
            note(fault, "redis")
            redisDown = (records.count - 1, .now)
            ground.redis.killNow()
            try ground.redis.start()
        }
    }

    private func killWorker(_ fault: PlannedFault, _ isAimed: Bool) throws(DrillFailure) {
        let (worker, lanes) = victim()
        if isAimed { aim(lanes) }
        note(fault, ground.workers[worker].name)
        let cut = laneMilliseconds
        ground.workers[worker].killNow()
        let met = eye.inHand(lanes, before: cut)
        records[records.count - 1].inHand = met
        if let now = eye.look() { sights = now }
        watch.begin(
            fault: records.count - 1, lanes: lanes, sights: sights, isOwnerKept: false, now: .now, records: &records)
        try ground.workers[worker].start()
    }

    private func stopWorker(_ fault: PlannedFault) {
        let (worker, lanes) = victim()
        aim(lanes)
        note(fault, ground.workers[worker].name)
        let cut = laneMilliseconds
        ground.workers[worker].freeze()
        records[records.count - 1].inHand = eye.inHand(lanes, before: cut)
        records[records.count - 1].outage = plan.stopFor
        if let now = eye.look() { sights = now }
        watch.begin(
            fault: records.count - 1, lanes: lanes, sights: sights, isOwnerKept: false, now: .now, records: &records)
        frozen = (worker, .now + plan.stopFor, lanes)
    }

    private func thawIfDue() {
        guard let stopped = frozen, ContinuousClock.now >= stopped.until else { return }
        ground.workers[stopped.worker].thaw()
        frozen = nil
    }

    private func victim() -> (worker: Int, lanes: [String]) {
        victims.take(
            workers: ground.workers.map(\.name), frozen: frozen?.worker, lanes: eye.lanes,
            owners: sights.mapValues(\.owner))
    }

    /// Returns at the instant in which there is an undecided event, or after half of the time an open attempt, in a lane.
    private func aim(_ lanes: [String]) {
        let began = ContinuousClock.now
        while ContinuousClock.now - began < Self.aimFor {
            if let seen = eye.glimpse(lanes) {
                if seen.events > 0 { return }
                if seen.attempts > 0, ContinuousClock.now - began > Self.aimFor / 2 { return }
            }
            usleep(500)
        }
    }

    private func note(_ fault: PlannedFault, _ victim: String) {
        records.append(
            FaultRecord(number: records.count + 1, kind: fault.kind, victim: victim, at: ContinuousClock.now - start))
        site.note("  \((ContinuousClock.now - start).inSeconds) s: \(fault.kind.name) \(victim)")
    }

    private var laneMilliseconds: UInt64 { UInt64(clamping: site.laneClock.milliseconds) }
}

extension Duration {
    /// With one decimal, for people.
    var inSeconds: String {
        let tenths = (components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
