import Contracts
import Coordination
import Instants
import Membership

/// What fails besides workers: coordinators, the control slot, shards.
extension ClusterSimulation {
    /// Moves are counted to a fault for so long.
    private static let aftermath = Duration.seconds(60)
    private static let week = 7.0 * 86_400

    mutating func beginTroubles() {
        repeatTrouble(settings.controlOutagesPerWeek, .beginControlOutage)
        if settings.shards > 1 { repeatTrouble(settings.shardLossesPerWeek, .beginShardLoss) }
        repeatTrouble(settings.leaderlessPerWeek, .beginLeaderless)
        guard settings.losesLeaderAtPeak else { return }
        for day in 0..<Int(settings.days.rounded(.up)) { happen(at: world.peak(ofDay: day), .loseLeaderAtPeak) }
    }

    mutating func playTrouble(_ kind: Kind) throws {
        switch kind {
        case .lead: try lead()
        case .loseLeaderAtPeak: loseLeader(.leaderLostAtPeak)
        case .beginControlOutage:
            begin(.controlOutage, shard: 0, SimulatedOutage(&troubles))
            repeatTrouble(settings.controlOutagesPerWeek, .beginControlOutage)
        case .beginShardLoss:
            let outage = SimulatedOutage(&troubles)
            begin(.shardLoss, shard: 1 + Int(outage.lot % UInt64(settings.shards - 1)), outage)
            repeatTrouble(settings.shardLossesPerWeek, .beginShardLoss)
        case .end(let shard, let outage): try end(shard, outage)
        case .beginLeaderless:
            beginLeaderless()
            repeatTrouble(settings.leaderlessPerWeek, .beginLeaderless)
        case .endLeaderless:
            hasCoordinators = true
            try lead()
        case .dieNow: dieInTrouble()
        case .adopt: adopt()
        default: break
        }
    }

    // MARK: coordinators

    /// The leader dies, and others live.
    mutating func loseLeader(_ kind: SimulatedFault) {
        guard hasCoordinators, control.isLeading else { return }
        count(kind)
        lostLeader = (kind, control.now)
        leaderLives = false
        control.stopRenewing()
        happen(at: control.leaderUntil, .lead)
    }

    /// A coordinator tries for the lease, as soon as it can be had.
    mutating func lead() throws {
        guard hasCoordinators, !control.isAway, !control.isLeading else { return }
        if control.now < control.leaderUntil {
            guard leaderLives, control.renewAgain() else { return happen(at: control.leaderUntil, .lead) }
        } else {
            try newTerm()
        }
        if let lost = lostLeader { report[lost.kind].recoveries.append(seconds(since: lost.at)) }
        lostLeader = nil
        callRound(at: control.now + .milliseconds(1))
    }

    /// Who begins to lead knows what is kept in Redis, and nothing of the load.
    mutating func newTerm() throws {
        let before = view
        view = LoadView(profiles: before.forecast.profiles, word: before.demand)
        view.use(world.hours)
        try control.lead()
        leaderLives = true
        for slot in workers.indices where !workers[slot].state.lanes.isEmpty { workers[slot].state.learn(lanes: []) }
    }

    private mutating func beginLeaderless() {
        let length = Int64(60_000 + troubles.number(below: 540_001))
        let deaths = (0..<3).map { _ in Int64(troubles.number(below: UInt64(length))) }
        guard hasCoordinators else { return }
        count(.leaderless)
        hasCoordinators = false
        leaderLives = false
        lostLeader = nil
        if control.isLeading { control.stopRenewing() }
        happen(at: control.leaderUntil, .adopt)
        for death in deaths { happen(at: control.now + .milliseconds(death), .dieNow) }
        happen(at: control.now + .milliseconds(length), .endLeaderless)
    }

    /// Those whose turn it is to adopt learn of it, and beat. Again in a second, while nobody leads and lanes wait.
    private mutating func adopt() {
        guard !hasCoordinators, !waiting.isEmpty else { return }
        happen(at: control.now + control.times.interval, .adopt)
        guard !control.isAway, !control.state.isLed else { return }
        let census = census()
        let heirs = census.placeable
        var turns: [Int: [(lane: LaneName, target: LaneTarget)]] = [:]
        for lane in lanes {
            guard let target = assignment.targets[lane], let member = target.member, census.isDead(member),
                let slot = Heirs.heir(of: lane, among: heirs).flatMap({ slots[$0] })
            else { continue }
            turns[slot, default: []].append((lane, target))
        }
        for slot in turns.keys.sorted() where workers[slot].isAlive {
            let turn = turns[slot] ?? []
            workers[slot].state.learn(turn, upTo: control.number)
            let own = Set(workers[slot].state.assignment.targets.keys).union(workers[slot].state.tenures.keys)
            workers[slot].state.learn(lanes: Array(own))
            beatRegularly(slot)
        }
    }

    // MARK: servers

    private mutating func begin(_ kind: SimulatedFault, shard: Int, _ outage: SimulatedOutage) {
        guard away[shard] == nil else { return }
        count(kind)
        let back = control.now + outage.length
        away[shard] = Away(from: control.now, until: back)
        for (index, own) in shards.enumerated() where own == shard && owners[index] >= 0 {
            idleSince[index] = idleSince[index] ?? control.now
        }
        if shard == 0 { control.goAway() }
        happen(at: back, .end(shard: shard, outage))
        if outage.takesWorker {
            happen(at: control.now + .milliseconds(outage.length.wholeMilliseconds / 2), .dieNow)
        }
    }

    private mutating func end(_ shard: Int, _ outage: SimulatedOutage) throws {
        if let ended = away[shard] { awaySeconds[shard] += seconds(since: max(ended.from, tickStarted)) }
        away[shard] = nil
        let kind = shard == 0 ? SimulatedFault.controlOutage : .shardLoss
        latest = (kind, control.now + Self.aftermath)
        for (index, own) in shards.enumerated() where own == shard && owners[index] >= 0 { works(index, owners[index]) }
        for id in waiting.keys where waiting[id]?.kind == kind { waiting[id]?.since = control.now }
        guard shard == 0 else { return ringAll() }
        control.comeBack(isRestart: outage.isRestart)
        lostLeader = lostLeader ?? (hasCoordinators ? (kind, control.now) : nil)
        happen(at: control.now + pause(0, 250), .lead)
        ringAll()
    }

    /// Everybody beats once at its next turn: what could not be looked at is looked at again.
    private mutating func ringAll() {
        for slot in workers.indices where workers[slot].isAlive {
            happen(
                at: control.now + .milliseconds(1) + workers[slot].phase / 4,
                .beat(slot: slot, incarnation: workers[slot].incarnation))
        }
    }

    // MARK: who waits for what

    /// A worker dies because of what else fails, or while it does.
    private mutating func dieInTrouble() {
        let slot = Int(troubles.number(below: UInt64(workers.count)))
        let away = Int64(5_000 + troubles.number(below: 295_001))
        crash(slot, awayFor: .milliseconds(away))
    }

    /// A member died with lanes. What else fails at that moment is what its lanes wait for.
    mutating func mourn(_ id: MemberID, lanes: Int) {
        var kind = SimulatedFault.crash
        if !hasCoordinators { kind = .leaderless }
        if away.contains(where: { $0 != nil }) { kind = control.isAway ? .controlOutage : .shardLoss }
        waiting[id] = Mourning(died: control.now, kind: kind, since: control.now, lanes: lanes)
    }

    /// A lane of the dead is at work again.
    mutating func recovered(_ dead: MemberID) {
        guard var entry = waiting[dead] else { return }
        entry.lanes -= 1
        waiting[dead] = entry.lanes > 0 ? entry : nil
        if entry.lanes == 0 { report[entry.kind].recoveries.append(seconds(since: entry.since)) }
    }

    /// Nobody works a lane any more.
    mutating func stops(_ index: Int) {
        if owners[index] >= 0 { idleSince[index] = idleSince[index] ?? control.now }
        owners[index] = -1
    }

    mutating func works(_ index: Int, _ slot: Int) {
        owners[index] = slot
        guard let since = idleSince[index] else { return }
        report.idleLaneSeconds += seconds(since: since)
        idleSince[index] = nil
    }

    /// Until when a lane's shard is away; nil: it is there.
    func awayUntil(_ lane: LaneName) -> Instant? { indices[lane].flatMap { away[shards[$0]]?.until } }

    /// For how many seconds of this tick each shard was away; the next tick begins.
    mutating func awayInTick(_ length: Double) -> [Double] {
        let whole = away.indices.map { shard in
            min(length, awaySeconds[shard] + (away[shard].map { seconds(since: max($0.from, tickStarted)) } ?? 0))
        }
        awaySeconds = [Double](repeating: 0, count: away.count)
        tickStarted = control.now
        return whole
    }

    mutating func countMove() {
        report.plannedMoves += 1
        if let latest, control.now < latest.until { report[latest.kind].plannedMoves += 1 }
    }

    private mutating func count(_ kind: SimulatedFault) {
        report[kind].count += 1
        latest = (kind, control.now + Self.aftermath)
    }

    private mutating func repeatTrouble(_ perWeek: Double, _ kind: Kind) {
        guard perWeek > 0 else { return }
        let seconds = min(Self.week / perWeek * (0.5 + troubles.fraction()), 1e9)
        happen(at: control.now + .milliseconds(Int64(seconds * 1_000)), kind)
    }

    private func seconds(since instant: Instant) -> Double {
        Double((control.now - instant).wholeMilliseconds) / 1_000
    }
}
