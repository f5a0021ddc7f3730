import Contracts
import Coordination
import Instants
import Membership

/// A worker of the simulation: a slot that bears one name, and the incarnation that lives in it.
struct SimulatedWorker {
    let name: String
    /// Where in each second it beats.
    let phase: Duration
    var incarnation: UInt64 = 0
    var isAlive = false
    var state: MemberState
    /// The last heartbeat before its time, because something rang.
    var rungAt = Instant.distantPast
    /// Thousandths of runners that were busy in the last tick.
    var busy = 0

    var id: MemberID { state.id }

    /// When it beat last, as of `now`.
    func beatAt(_ now: Instant) -> Instant {
        let since = Int64(now.milliseconds - phase.wholeMilliseconds) % 1_000
        return max(rungAt, now - .milliseconds(since))
    }
}

/// What the control slot and the lanes' hashes would say, held in memory.
struct SimulatedControl {
    var now: Instant
    let reachableSince: Instant
    var leader: MemberID?
    var term: UInt64 = 1
    var number: UInt64 = 0
    /// Records of the dead until they are forgotten.
    var dead: [MemberID: MemberRecord] = [:]
    var sights: [LaneName: LaneSight] = [:]

    let times = LeaseTimes()

    init(now: Instant) {
        self.now = now
        reachableSince = now - .seconds(3_600)
    }

    var state: ControlState {
        ControlState(
            now: now, reachableSince: reachableSince, leader: leader, term: term,
            leaderUntil: leader == nil ? .distantPast : now + times.lease, numbers: .init(assignment: number))
    }

    func record(_ worker: SimulatedWorker, runners: Int) -> MemberRecord {
        let beat = worker.beatAt(now)
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
