import Contracts
import Coordination
import HeapModule
import Instants
import Membership

// A large cluster on a virtual clock.
//
// Problem: what a thousand workers do in a week cannot be tried on one machine in an afternoon, and a model of the code
// proves nothing about the code.
// Choice: the code that decides is the real one: `LeaderRound`, `LoadPlacement`, `LoadBook`, `LoadForecast`, `Census`,
// `MemberState`. Simulated is what it talks to: the control slot and the lanes' hashes are values in memory, heartbeats,
// messages and commits take drawn times, and time leaps from one thing that happens to the next. Lanes' loads come from
// `SimulatedWorld`; a worker that is offered more than it can decide keeps the rest as backlog.
// A member learns of assignments only what concerns it, which is all that it looks at while somebody leads. Otherwise a
// thousand copies of fifty thousand targets would lie in memory. Who is to adopt a lane while nobody leads learns of it when
// it is due; that it adopts, and when, is its own code's doing. Heartbeats are not played one by one, which would be six
// hundred million, but reckoned when somebody asks; those that have something to do are played.
// Rejected: real processes with a stepped clock: a week of heartbeats is six hundred million round trips.
// How it fails: between ticks load stands still, so what happens within a minute is flatter than in truth. The rules of the
// control slot's Lua stand in `SimulatedControl` a second time; what they allow is tested on a Redis elsewhere. The clocks
// of servers are right, and a member's own clock is wrong by a factor, never by a leap.

/// One run; see the comment above. Not shared between threads.
package struct ClusterSimulation {
    let settings: SimulationSettings
    let world: SimulatedWorld
    let lanes: [LaneName]
    let indices: [LaneName: Int]
    /// How long each step takes.
    var random: SeededGenerator
    /// Who dies when and for how long. A generator of its own, so that both ways of placing meet the same faults, however
    /// many steps each takes.
    var faults: SeededGenerator
    /// The same for everything else that fails, so that more of it changes nothing of when workers crash.
    var troubles: SeededGenerator
    var control: SimulatedControl
    var workers: [SimulatedWorker] = []
    var slots: [MemberID: Int] = [:]
    /// The slot that works each lane; -1: nobody.
    var owners: [Int]
    var freed: [LaneName: Instant] = [:]
    /// For each dead member: when it died and how many lanes still wait.
    var waiting: [MemberID: Mourning] = [:]
    /// The shard of each lane; the control slot lies on the first.
    let shards: [Int]
    /// The same for placement; empty with one shard.
    let affinity: [LaneName: Int]
    /// Of each shard; nil: it is there.
    var away: [Away?]
    /// For how many seconds each shard was away since the last tick, ended outages only.
    var awaySeconds: [Double]
    var tickStarted = SimulatedWorld.start
    /// Since when nobody works a lane; nil while somebody does, and before its first take.
    var idleSince: [Instant?]
    /// Whether the process of the coordinator that leads, or led last, lives.
    var leaderLives = false
    /// Whether any coordinator lives.
    var hasCoordinators = true
    /// When the last leader died, and how.
    var lostLeader: (kind: SimulatedFault, at: Instant)?
    /// The fault of which moves are counted, until a minute after it.
    var latest: (kind: SimulatedFault, until: Instant)?
    var view: LoadView
    var assignment = Assignment()
    var report = SimulationReport()
    var decided: [Double]
    var pending: [Double]
    /// What was asked for the next hour, to be compared with what that hour needs.
    var asked: Int?
    private var happenings = Heap<Happening>()
    private var order = 0
    private var roundAt: Instant?

    enum Kind {
        case tick
        case round
        case beat(slot: Int, incarnation: UInt64)
        case deadline(slot: Int, incarnation: UInt64)
        case release(LaneName, by: MemberID)
        case take(LaneName, by: MemberID, number: UInt64)
        case die
        case join(slot: Int)
        case loseLeader
        case loseLeaderAtPeak
        case lead
        case beginControlOutage
        case beginShardLoss
        case end(shard: Int, SimulatedOutage)
        case beginLeaderless
        case endLeaderless
        case dieNow
        case adopt
    }

    struct Away {
        let from: Instant
        let until: Instant
    }

    /// A dead member whose lanes wait.
    struct Mourning {
        let died: Instant
        /// To what its lanes' waiting counts, and from when.
        var kind = SimulatedFault.crash
        var since: Instant
        var lanes: Int
    }

    struct Happening: Comparable {
        let at: Instant
        let order: Int
        let kind: Kind

        static func < (left: Happening, right: Happening) -> Bool {
            (left.at, left.order) < (right.at, right.order)
        }

        static func == (left: Happening, right: Happening) -> Bool { left.order == right.order }
    }

    /// - Throws: `NameError` if there are more partitions than names.
    package init(_ settings: SimulationSettings) throws {
        self.settings = settings
        let capacity = Double(settings.workers * settings.runners)
        world = SimulatedWorld(
            lanes: settings.lanes, peak: settings.peak * capacity / settings.cost, seed: settings.seed)
        lanes = try world.lanes()
        indices = Dictionary(uniqueKeysWithValues: lanes.enumerated().map { ($1, $0) })
        random = SeededGenerator(seed: settings.seed ^ 0x5EED)
        faults = SeededGenerator(seed: settings.seed ^ 0xFA17)
        troubles = SeededGenerator(seed: settings.seed ^ 0x7208)
        let count = max(1, settings.shards)
        let places = lanes.map { Int(StableHash.hash($0.text) % UInt64(count)) }
        shards = places
        affinity = count > 1 ? Dictionary(uniqueKeysWithValues: zip(lanes, places)) : [:]
        away = [Away?](repeating: nil, count: count)
        awaySeconds = [Double](repeating: 0, count: count)
        idleSince = [Instant?](repeating: nil, count: lanes.count)
        control = SimulatedControl(now: SimulatedWorld.start)
        owners = [Int](repeating: -1, count: lanes.count)
        decided = [Double](repeating: 0, count: lanes.count)
        pending = [Double](repeating: 0, count: lanes.count)
        view = LoadView(profiles: world.profiles())
        view.use(world.hours)
        for lane in lanes { control.sights[lane] = LaneSight() }
        for index in 0..<settings.workers {
            let name = "w\(index)"
            let isWild = Double(index) < settings.wildClocks * Double(settings.workers)
            workers.append(
                SimulatedWorker(
                    name: name, lot: Double(random.number(below: 1_000)) / 1_000,
                    speed: isWild ? 0.4 + 2.1 * troubles.fraction() : 1,
                    state: MemberState(id: try MemberID(name: name, incarnation: 1)), interval: control.times.interval))
        }
    }

    /// Plays it to the end.
    package mutating func run() throws -> SimulationReport {
        let end = SimulatedWorld.start + .seconds(Int(settings.days * 86_400))
        report.days = settings.days
        try newTerm()
        for slot in workers.indices { try join(slot) }
        callRound(at: control.now + .milliseconds(1))
        happen(at: control.now + .seconds(settings.tick), .tick)
        let gap = 30 * 86_400 / (Double(settings.workers) * max(settings.crashesPerMonth, 1e-9))
        happenAfter(gap, .die)
        happenAfter(7 * 86_400 / max(settings.leadersLostPerWeek, 1e-9), .loseLeader)
        beginTroubles()
        while let next = happenings.popMin(), next.at <= end {
            control.now = max(control.now, next.at)
            try play(next.kind, gap: gap)
        }
        report.disagreements = disagreements
        return report
    }

    private mutating func play(_ kind: Kind, gap: Double) throws {
        switch kind {
        case .tick:
            measure()
            happen(at: control.now + .seconds(settings.tick), .tick)
            round()
        case .round: if roundAt == control.now { round() }
        case .beat(let slot, let incarnation): if lives(slot, incarnation) { beat(slot) }
        case .deadline(let slot, let incarnation): if lives(slot, incarnation) { passDeadline(of: slot) }
        case .release(let lane, let member): release(lane, by: member)
        case .take(let lane, let member, let number): take(lane, by: member, number)
        case .die:
            die()
            happenAfter(gap, .die)
        case .join(let slot): try join(slot)
        case .loseLeader:
            loseLeader(.leaderLost)
            happenAfter(7 * 86_400 / settings.leadersLostPerWeek, .loseLeader)
        default: try playTrouble(kind)
        }
    }

    mutating func happen(at instant: Instant, _ kind: Kind) {
        order += 1
        happenings.insert(Happening(at: instant, order: order, kind: kind))
    }

    /// Between half and one and a half of `mean` seconds from now.
    private mutating func happenAfter(_ mean: Double, _ kind: Kind) {
        let seconds = min(mean * (0.5 + faults.fraction()), 1e9)
        happen(at: control.now + .milliseconds(Int64(seconds * 1_000)), kind)
    }

    /// A round at this instant, unless an earlier one is due.
    mutating func callRound(at instant: Instant) {
        if let due = roundAt, due <= instant, due > control.now { return }
        roundAt = instant
        happen(at: instant, .round)
    }

    mutating func calledRound() { roundAt = nil }

    /// A drawn number of milliseconds.
    mutating func pause(_ least: UInt64, _ most: UInt64) -> Duration {
        .milliseconds(Int64(least + random.number(below: most - least + 1)))
    }

    private func lives(_ slot: Int, _ incarnation: UInt64) -> Bool {
        workers[slot].isAlive && workers[slot].incarnation == incarnation
    }

    private var disagreements: Int {
        lanes.count { lane in
            guard let owner = control.sights[lane]?.owner, let slot = slots[owner], workers[slot].isAlive,
                workers[slot].id == owner, case .held = workers[slot].state.tenures[lane]
            else { return true }
            return false
        }
    }
}
