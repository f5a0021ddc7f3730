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
    private var failover: Failover?
    private var cut: OpenCut?
    private var reshard: OpenReshard?
    /// No further primary is killed before.
    private var primariesRestUntil = ContinuousClock.now
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
        var sweeping = Sweeping(isWanted: plan.platform != nil)
        var quietSince = ContinuousClock.now
        while ContinuousClock.now < deadline {
            look()
            try followFailover()
            try followCut()
            followReshard()
            thawIfDue()
            if let fault = faults.first, isDue(fault) {
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
            let isQuiet = wasDone && sweeping.isAsked && figures.spooled == 0 && sights.values.allSatisfy(\.isQuiet)
            // Redis may be away at that moment: asked again with the next look.
            if wasDone, !isRedisAway { sweeping.ask(site) }
            if !isQuiet || !faults.isEmpty || frozen != nil || isRedisAway { quietSince = .now }
            if ContinuousClock.now - quietSince >= Self.quietFor, sweeping.isOver(site) {
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

    private var isRedisAway: Bool { redisDown != nil || failover != nil || cut != nil || reshard != nil }

    private func isDue(_ fault: PlannedFault) -> Bool {
        guard ContinuousClock.now - start >= fault.at, !isRedisAway else { return false }
        switch fault.kind {
        case .primary, .cut, .reshard, .reshardControl: return ContinuousClock.now >= primariesRestUntil
        case .kill, .stop, .coordinator, .redis: return true
        }
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
            try ground.redis?.killAndStart()
        case .primary: killPrimary(fault)
        case .cut(let plan): try begin(plan, fault)
        case .reshard, .reshardControl: beginReshard(fault)
        }
    }

    private func killWorker(_ fault: PlannedFault, _ isAimed: Bool) throws(DrillFailure) {
        let (worker, lanes) = victim()
        if isAimed { _ = aim(lanes) }
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
        _ = aim(lanes)
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

    /// Returns at the instant in which there is an undecided event, or after half of the time an open attempt, in a lane; gives
    /// what was seen last.
    private func aim(_ lanes: [String]) -> LaneEye.InHand? {
        let began = ContinuousClock.now
        var last: LaneEye.InHand?
        while ContinuousClock.now - began < Self.aimFor {
            if let seen = eye.glimpse(lanes) {
                last = seen
                if seen.events > 0 { return seen }
                if seen.attempts > 0, ContinuousClock.now - began > Self.aimFor / 2 { return seen }
            }
            usleep(500)
        }
        return last
    }

    /// Kills the primary of the next pair in turn, with an undecided event in one of its lanes.
    private func killPrimary(_ fault: PlannedFault) {
        guard let cluster = ground.cluster else { return }
        let pair = records.count % ClusterServers.pairs
        let lanes = eye.lanes.filter { cluster.pair(of: $0) == pair }
        guard let primary = cluster.primary(of: pair) else { return }
        let met = aim(lanes)
        cluster.killNow(primary)
        note(fault, cluster.name(primary))
        records[records.count - 1].inHand = met
        failover = Failover(fault: records.count - 1, pair: pair, victim: primary, lanes: lanes, since: .now)
    }

    /// Starts the victim again once its replica was promoted; once that one has a replica again, its lanes must go on.
    private func followFailover() throws(DrillFailure) {
        guard let cluster = ground.cluster, var current = failover else { return }
        if !current.isVictimBack, let heir = cluster.primary(of: current.pair), heir != current.victim {
            try cluster.startAgain(current.victim)
            current.isVictimBack = true
            failover = current
        }
        guard current.isVictimBack, cluster.isWhole(current.pair), let now = eye.look() else { return }
        sights = now
        records[current.fault].outage = ContinuousClock.now - current.since
        failover = nil
        primariesRestUntil = .now + plan.primaryEvery
        watch.begin(
            fault: current.fault, lanes: current.lanes, sights: now, isOwnerKept: true, now: .now, records: &records)
    }

    /// Keeps processes from each other; how long one of the sides' lanes wait counts from the end of the cut.
    private func begin(_ plan: NetworkCut, _ fault: PlannedFault) throws(DrillFailure) {
        guard let cluster = ground.cluster, let network = site.network else { return }
        let from = plan.from.processes(cluster, workers: self.plan.workers)
        let to = plan.to.processes(cluster, workers: self.plan.workers)
        guard !from.isEmpty, !to.isEmpty else { return }
        var ways = from.flatMap { from in to.map { (from, $0) } }
        if !plan.isOneWay { ways += ways.map { ($0.1, $0.0) } }
        let met = aim(eye.lanes)
        let since = ContinuousClock.now
        for (from, to) in ways { try Self.network { try network.cut(from, to: to) } }
        note(fault, plan.name)
        records[records.count - 1].inHand = met
        cut = OpenCut(fault: records.count - 1, ways: ways, since: since, until: since + plan.lasts)
    }

    /// Ends the cut when it is due; once every pair has its replica again, all lanes must go on.
    private func followCut() throws(DrillFailure) {
        guard let cluster = ground.cluster, let network = site.network, var current = cut,
            ContinuousClock.now >= current.until
        else { return }
        if !current.isHealed {
            for (from, to) in current.ways { try Self.network { try network.heal(from, to: to) } }
            records[current.fault].outage = ContinuousClock.now - current.since
            current.isHealed = true
            cut = current
        }
        guard (0..<ClusterServers.pairs).allSatisfy(cluster.isWhole), let now = eye.look() else { return }
        sights = now
        cut = nil
        primariesRestUntil = .now + plan.primaryEvery
        watch.begin(
            fault: current.fault, lanes: eye.lanes, sights: now, isOwnerKept: true, now: .now, records: &records)
    }

    /// Moves the slot of the busiest lane, or the control slot, half way, and leaves it there.
    private func beginReshard(_ fault: PlannedFault) {
        let isControl = fault.kind == .reshardControl
        let busiest = eye.lanes.max { sights[$0]?.decided ?? 0 < sights[$1]?.decided ?? 0 }
        guard let cluster = ground.cluster, let busiest else { return }
        let lanes = isControl ? eye.lanes : [busiest]
        let met = aim(lanes)
        guard let move = cluster.beginMove(of: isControl ? "ctl" : busiest) else { return }
        cluster.moveHalf(move)
        note(fault, move.lane)
        records[records.count - 1].inHand = met
        reshard = OpenReshard(fault: records.count - 1, move: move, lanes: lanes, since: .now)
        // Nobody needs the control slot to decide: lanes must go on meanwhile.
        guard isControl else { return }
        watch.begin(
            fault: records.count - 1, lanes: lanes, sights: sights, isOwnerKept: true, now: .now, records: &records)
    }

    /// Somebody finds the slot after a while and ends its move; then the lane must go on.
    private func followReshard() {
        guard let cluster = ground.cluster, let current = reshard,
            ContinuousClock.now >= current.since + plan.reshardFor, cluster.endMove(current.move), let now = eye.look()
        else { return }
        sights = now
        records[current.fault].outage = ContinuousClock.now - current.since
        reshard = nil
        primariesRestUntil = .now + plan.primaryEvery
        watch.begin(
            fault: current.fault, lanes: current.lanes, sights: now, isOwnerKept: true, now: .now, records: &records)
    }

    private static func network(_ body: () throws -> Void) throws(DrillFailure) {
        do { try body() } catch { throw DrillFailure("\(error)") }
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
