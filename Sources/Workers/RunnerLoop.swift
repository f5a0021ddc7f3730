internal import Contracts
internal import Conversations
internal import Delivery
internal import DequeModule
internal import HeapModule
internal import Instants
internal import Lanes
internal import Membership

/// A runner's thread: what it owns and the loop. `RunnerRound` has the way of a batch, `RunnerTenures` how lanes come
/// and go.
final class RunnerLoop {
    /// Every lane is looked at once in this time, a share of them at a time: all at once would hold up what arrives
    /// meanwhile for some milliseconds. A wake-up is lost only with the subscriber's connection, which finds that out
    /// within seconds and then has every lane looked at; so this is the second net, and once a second, as DESIGN.md has
    /// it, cost an idle house half of its processor time.
    static let lookEvery = Duration.seconds(4)
    static let lookShares = 16
    /// Lanes whose server is away, or whose keys are damaged, are asked for so often.
    static let waitingLookEvery = Duration.milliseconds(250)

    let setting: RunnerSetting
    let courier: Courier
    let status: RunnerStatus
    private let mailbox: Mailbox<Runner.Mail>
    var policy: PolicyInForce
    var signals: Signals
    var store: LaneStore?
    var lanes: [LaneName: HeldLane] = [:]
    /// Held lanes whose server is away: a slot on its way, a primary that died.
    var waiting: Set<LaneName> = []
    /// Lanes whose keys are not what they must be (`RunnerContainment`).
    var damaged: Set<LaneName> = []
    /// When lanes that are not held were found so last.
    var refusedAt: [LaneName: ContinuousClock.Instant] = [:]
    /// Held lanes whose timers are held back, since a clock cannot be right.
    var holding: Set<LaneName> = []
    /// Held lanes that have somebody to forget.
    var forgetters: Set<LaneName> = []
    private var isForgetting = false
    /// Granted and not yet taken: assignment numbers.
    var wanted: [LaneName: UInt64] = [:]
    /// Lanes with something to do, each once, in turn.
    private var ready: Deque<LaneName> = []
    private var dues = Heap<DueLane>()
    private var nextLook = ContinuousClock.now
    var upkeep: RunnerUpkeep
    private var nextWaitingLook = ContinuousClock.now
    /// What is to be looked at before the next round of looks begins.
    private var toLook: ArraySlice<LaneName> = []
    private var failures: UInt32 = 0
    private var retryAt = ContinuousClock.now
    private var generator = SystemRandomNumberGenerator()
    private var isStopped = false

    private struct DueLane: Comparable {
        let at: ContinuousClock.Instant
        let lane: LaneName
        static func < (left: DueLane, right: DueLane) -> Bool { (left.at, left.lane) < (right.at, right.lane) }
    }

    init(_ setting: RunnerSetting, courier: Courier, mailbox: Mailbox<Runner.Mail>, status: RunnerStatus) {
        self.setting = setting
        self.courier = courier
        self.mailbox = mailbox
        self.status = status
        policy = PolicyInForce(setting.policy)
        signals = setting.signals
        upkeep = RunnerUpkeep(every: setting.bounds.trimsEvery, now: .now)
    }

    func run() {
        while !isStopped {
            if let mail = mailbox.take(waiting: idleTime(.now)) { absorb(mail) }
            let started = ContinuousClock.now
            var hasProgressed = false
            do {
                hasProgressed = try turn(started)
                if store != nil { failures = 0 }
            } catch {
                lostConnection()
            }
            let ended = ContinuousClock.now
            let hasWork = !ready.isEmpty || (store == nil && !(lanes.isEmpty && wanted.isEmpty))
            let advice = status.turned(
                hasWork: hasWork, hasProgressed: hasProgressed, busy: ended - started, now: ended)
            if advice == .reconnect { lostConnection() }
        }
        releaseAll()
    }

    /// Puts a lane into the queue of those with something to do.
    func enqueue(_ lane: HeldLane) {
        guard !lane.isQueued else { return }
        lane.isQueued = true
        ready.append(lane.name)
    }

    /// Whatever the lane has to do next: at once, or when its next timer is due.
    func settle(_ lane: HeldLane, now: ContinuousClock.Instant) {
        if lane.isReady(now: now) {
            enqueue(lane)
        } else if let due = lane.dueAt {
            dues.insert(DueLane(at: due, lane: lane.name))
            if dues.count > 64 + 4 * lanes.count { dues = Heap(dues.unordered.filter(isCurrent)) }
        }
    }

    /// The lanes of the next round.
    func popReady(_ most: Int) -> [HeldLane] {
        var picked: [HeldLane] = []
        while picked.count < most, let name = ready.popFirst() {
            guard let lane = lanes[name], lane.isQueued else { continue }
            lane.isQueued = false
            picked.append(lane)
        }
        return picked
    }

    private func isCurrent(_ due: DueLane) -> Bool { lanes[due.lane]?.dueAt == due.at }

    private func idleTime(_ now: ContinuousClock.Instant) -> Duration {
        let hasNothing = lanes.isEmpty && wanted.isEmpty && revoked.isEmpty
        guard store != nil else {
            return hasNothing ? .seconds(damaged.isEmpty ? 3_600 : 1) : max(.zero, retryAt - now)
        }
        if !ready.isEmpty || isForgetting { return .zero }
        guard !lanes.isEmpty || !damaged.isEmpty else { return .seconds(3_600) }
        while let first = dues.min, !isCurrent(first) { dues.removeMin() }
        let look = waiting.isEmpty && damaged.isEmpty ? nextLook : min(nextLook, nextWaitingLook)
        return max(.zero, min(look, dues.min?.at ?? look) - now)
    }

    private func absorb(_ mail: Runner.Mail) {
        if let new = mail.policy { policy = PolicyInForce(new) }
        if let new = mail.signals { signals = new }
        for order in mail.orders {
            switch order {
            case .grant(let lane, let assignment): if lanes[lane] == nil { wanted[lane] = assignment }
            case .revoke(let lane): revoke(lane)
            }
        }
        for name in mail.woken.sorted() {
            if let lane = lanes[name] { enqueue(lane) }
        }
        isStopped = isStopped || mail.isStopped
    }

    /// One turn: whatever is to be taken, looked at, released, decided. True if nothing was in the way.
    private func turn(_ now: ContinuousClock.Instant) throws -> Bool {
        dropRefused(now)
        guard try connect(now) else { return false }
        try releaseRevoked()
        if !wanted.isEmpty { try takeWanted() }
        while let first = dues.min, first.at <= now {
            dues.removeMin()
            if let lane = lanes[first.lane], lane.dueAt == first.at { enqueue(lane) }
        }
        if !waiting.isEmpty || !damaged.isEmpty, now >= nextWaitingLook {
            nextWaitingLook = now + Self.waitingLookEvery
            try look(waiting.union(damaged).sorted())
        }
        if now >= nextLook {
            nextLook = now + Self.lookEvery / Self.lookShares
            if toLook.isEmpty { toLook = lanes.keys.sorted()[...] }
            status.looked(backlog: lanes.values.reduce(0) { $0 + $1.backlog })
            let share = toLook.prefix(lanes.count / Self.lookShares + 1)
            toLook = toLook.dropFirst(share.count)
            try look(Array(share))
            try trimSome(now)
        }
        let isGood = try round()
        isForgetting = try forgetSome()
        return isGood
    }

    private func connect(_ now: ContinuousClock.Instant) throws -> Bool {
        if store != nil { return true }
        if lanes.isEmpty, wanted.isEmpty, revoked.isEmpty { return false }
        guard now >= retryAt else { return false }
        store = try setting.connect()
        try takeAgain()
        return true
    }

    /// What was in doubt is in nobody's hand now: the next connection takes the lanes again.
    private func lostConnection() {
        store = nil
        failures += 1
        retryAt = .now + (failures == 1 ? .zero : BackOff.connection.wait(after: failures - 1, using: &generator))
        for lane in lanes.values { lane.isQueued = false }
        ready.removeAll()
        status.count { $0.reconnects += 1 }
    }

    /// Lanes that were revoked and are still held.
    var revoked: [LaneName] = []
}
