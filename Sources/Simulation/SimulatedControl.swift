import Contracts
import Coordination
import Instants
import Membership

/// A worker of the simulation: a slot that bears one name, and the incarnation that lives in it.
struct SimulatedWorker {
    let name: String
    /// Where in each of its intervals it beats.
    let phase: Duration
    /// How fast its own clock runs: it beats, and loses patience, so much the sooner.
    let speed: Double
    var incarnation: UInt64 = 0
    var isAlive = false
    var state: MemberState
    /// The last heartbeat before its time, because something rang.
    var rungAt = Instant.distantPast
    /// The next heartbeat that is played because there is something to do; nil: none needs to be.
    var regularAt: Instant?
    /// The next deadline that is played.
    var deadlineAt: Instant?
    /// Thousandths of runners that were busy in the last tick.
    var busy = 0

    init(name: String, lot: Double, speed: Double, state: MemberState, interval: Duration) {
        self.name = name
        self.speed = speed
        self.state = state
        phase = .milliseconds(Int64((Double(interval.wholeMilliseconds) / speed * lot).rounded()))
    }

    var id: MemberID { state.id }

    /// The last regular heartbeat at or before an instant.
    func regularBeat(_ now: Instant, interval: Duration) -> Instant {
        let length = max(1, Int64(Double(interval.wholeMilliseconds) / speed))
        return now - .milliseconds((now.milliseconds - phase.wholeMilliseconds) % length)
    }

    /// The first one after it.
    func nextBeat(_ now: Instant, interval: Duration) -> Instant {
        regularBeat(now, interval: interval) + .milliseconds(max(1, Int64(Double(interval.wholeMilliseconds) / speed)))
    }
}

/// What the control slot and the lanes' hashes would say, held in memory.
///
/// The rules of `beat.lua`, `lead.lua` and `slot.lua` stand here a second time, since no Redis runs: who leads and until when,
/// and since when the slot has been reachable.
struct SimulatedControl {
    struct Outage {
        let from: Instant
        /// Nil while it lasts.
        var until: Instant?
    }

    var now: Instant
    private(set) var reachableSince: Instant
    private(set) var leader: MemberID?
    private(set) var term: UInt64 = 1
    var number: UInt64 = 0
    /// Records of the dead until they are forgotten.
    var dead: [MemberID: MemberRecord] = [:]
    var sights: [LaneName: LaneSight] = [:]
    /// The last one of this slot.
    private(set) var outage: Outage?
    /// Since when the leader has renewed its lease once an interval; nil: it does not, and `stoppedUntil` stands.
    private var renewsSince: Instant?
    private var stoppedUntil = Instant.distantPast

    let times = LeaseTimes()

    init(now: Instant) {
        self.now = now
        reachableSince = now - .seconds(3_600)
    }

    var isAway: Bool { outage.map { $0.until == nil } ?? false }

    /// Whether a coordinator has the lease and renews it.
    var isLeading: Bool { renewsSince != nil && !isAway }

    /// Until when nobody else can lead.
    var leaderUntil: Instant {
        guard let renewsSince else { return stoppedUntil }
        let passed = (now - renewsSince).wholeMilliseconds
        return now - .milliseconds(passed % max(1, times.interval.wholeMilliseconds)) + times.lease
    }

    var state: ControlState {
        ControlState(
            now: now, reachableSince: reachableSince, leader: leader, term: term, leaderUntil: leaderUntil,
            numbers: .init(assignment: number))
    }

    /// The leader renews no more: it died, or the slot is away.
    mutating func stopRenewing() {
        stoppedUntil = leaderUntil
        renewsSince = nil
    }

    /// The leader goes on under its term, if its lease still holds.
    mutating func renewAgain() -> Bool {
        guard leader != nil, now < stoppedUntil else { return false }
        renewsSince = now
        return true
    }

    mutating func lead() throws {
        term += 1
        leader = try MemberID(name: "coordinator", incarnation: term)
        renewsSince = now
    }

    mutating func goAway() {
        stopRenewing()
        outage = Outage(from: now)
    }

    /// As `contact` does it: a server that began anew, or that nobody reached for longer than the gap, is reachable since now.
    mutating func comeBack(isRestart: Bool) {
        guard let from = outage?.from else { return }
        outage?.until = now
        if isRestart || now - from > times.gap { reachableSince = now }
    }

    /// While the slot is away nobody beats; then everybody tries four times an interval.
    func beatAt(_ worker: SimulatedWorker) -> Instant {
        let regular = worker.regularBeat(now, interval: times.interval)
        guard let outage, regular >= outage.from else { return max(worker.rungAt, regular) }
        if let until = outage.until {
            let back = until + worker.phase / 4
            if now >= back { return max(worker.rungAt, regular, back) }
            if regular >= until { return max(worker.rungAt, regular) }
        }
        return max(worker.rungAt, worker.regularBeat(outage.from - .milliseconds(1), interval: times.interval))
    }

    /// Redis' clock as a member reckons it between two heartbeats.
    func view(of worker: SimulatedWorker) -> Instant {
        guard worker.speed != 1 else { return now }
        let beat = beatAt(worker)
        return beat + .milliseconds(Int64(Double((now - beat).wholeMilliseconds) * worker.speed))
    }

    func record(_ worker: SimulatedWorker, runners: Int) -> MemberRecord {
        let beat = beatAt(worker)
        return MemberRecord(
            id: worker.id, beatAt: beat, until: beat + times.lease,
            load: MemberLoad(runners: runners, busy: worker.busy), held: worker.state.tenures.count)
    }

    /// The dead are forgotten twenty leases later, as the leader does it.
    mutating func forget() {
        dead = dead.filter { $0.value.until + times.lease * 20 > now }
    }

    func census(_ living: [MemberRecord]) -> Census {
        Census(
            (living + dead.values).sorted { $0.id < $1.id }, at: state, lease: times.lease)
    }
}
