import Contracts
import Coordination
import Instants
import Membership

/// The leader's side of the simulation: a tick of load, and rounds.
extension ClusterSimulation {
    /// What came since the last tick, what of it was decided, and how busy that made everybody.
    mutating func measure() {
        let seconds = Double(settings.tick)
        // A lane has one runner, and nothing is decided while its shard is away.
        let laneMost = awayInTick(seconds).map { (seconds - $0) / settings.cost }
        var offered = [Double](repeating: 0, count: workers.count)
        for partition in world.partitions.indices {
            let events = world.rate(partition, at: control.now) * seconds
            for number in 0..<SimulatedWorld.lanesPerPartition {
                let lane = partition * SimulatedWorld.lanesPerPartition + number
                pending[lane] += events * world.share(partition, number, at: control.now)
                if owners[lane] >= 0 { offered[owners[lane]] += min(pending[lane], laneMost[shards[lane]]) }
            }
        }
        let most = Double(settings.runners) * seconds / settings.cost
        for lane in lanes.indices where owners[lane] >= 0 {
            let part = min(1, most / max(offered[owners[lane]], 1))
            let done = (min(pending[lane], laneMost[shards[lane]]) * part).rounded(.down)
            decided[lane] += done
            pending[lane] -= done
        }
        report.largestBacklog = max(report.largestBacklog, pending.reduce(0, +))
        // The first half hour is the start of everything at once.
        let isStart = control.now - SimulatedWorld.start <= .seconds(1_800)
        var utilisations: [Double] = []
        for slot in workers.indices where workers[slot].isAlive {
            let utilisation = offered[slot] / most
            workers[slot].busy = Int((min(utilisation, 1) * Double(settings.runners) * 1_000).rounded())
            utilisations.append(utilisation)
            if !isStart { report.workerMinutes += seconds / 60 }
            if utilisation > 0.8, !isStart { report.minutesOver80 += seconds / 60 }
        }
        let mean = utilisations.reduce(0, +) / Double(max(1, utilisations.count))
        if !isStart {
            report.imbalances.append((utilisations.max() ?? 0) - mean)
        }
        guard control.isLeading else { return }
        let counts = lanes.indices.map { index in
            LaneCount(
                lane: lanes[index], owner: owners[index] >= 0 ? workers[owners[index]].id : nil,
                decided: UInt64(decided[index]), pending: UInt64(pending[index]))
        }
        view.observe(
            counts, workers.filter(\.isAlive).map { control.record($0, runners: settings.runners) }, now: control.now)
        compareDemand()
        if let word = view.demand, control.now - SimulatedWorld.start > .seconds(900) {
            report.leastDemand = min(report.leastDemand ?? word.demand.now, word.demand.now)
        }
    }

    /// One round of the leader with everything that its writes set off.
    mutating func round() {
        calledRound()
        guard control.isLeading else { return }
        control.forget()
        let census = census()
        let share = Coordinator.Settings().share(of: lanes.count)
        var figures = view.figures(of: lanes, at: control.now, foresees: settings.foresees)
        figures.shards = affinity
        let round = LeaderRound(
            lanes: lanes, assignment: assignment, census: census, sights: control.sights, share: share,
            answer: control.times.answer, figures: figures,
            placement: { LoadPlacement().plan($0) })
        if !round.moves.isEmpty { write(round.moves) }
        let isSettled =
            round.moves.isEmpty && !round.isAwaiting && round.underWay == 0
            && control.dead.keys.allSatisfy { census.isDead($0) }
        guard !isSettled else { return }
        let left = (census.nextEnd ?? .distantFuture) - control.now
        let wait =
            round.moves.isEmpty && !round.isAwaiting ? control.times.interval : control.times.answer
        callRound(at: control.now + min(control.times.interval, wait, max(left, .milliseconds(50))))
    }

    private mutating func write(_ moves: [PlacementMove]) {
        control.number = max(control.number + 1, UInt64(clamping: control.now.milliseconds))
        var changes: [Int: [(lane: LaneName, target: LaneTarget)]] = [:]
        var heirs: Set<Int> = []
        var all: [(lane: LaneName, target: LaneTarget)] = []
        for move in moves {
            let change = (lane: move.lane, target: LaneTarget(member: move.member, number: control.number))
            all.append(change)
            let owner = control.sights[move.lane]?.owner.flatMap { slots[$0] }
            let before = assignment.targets[move.lane]?.member.flatMap { slots[$0] }
            let heir = slots[move.member]
            if let owner, workers[owner].isAlive, workers[owner].id == control.sights[move.lane]?.owner {
                if owner == heir { report.adopted += 1 } else { countMove() }
            } else {
                report.orphansPlaced += 1
            }
            for slot in Set([owner, before, heir].compactMap(\.self)) { changes[slot, default: []].append(change) }
            if let heir { heirs.insert(heir) }
        }
        assignment.learn(all, upTo: control.number)
        for slot in changes.keys.sorted() {
            workers[slot].state.learn(changes[slot] ?? [], upTo: control.number)
            if heirs.contains(slot) { ring(slot) }
        }
    }

    /// What was asked for an hour ago, against what this hour needs by the same rule.
    private mutating func compareDemand() {
        guard Int(control.now.seconds) % 3_600 < settings.tick, let demand = view.demand?.demand else { return }
        if let asked { report.demandErrors.append(asked - demand.now) }
        asked = settings.foresees ? demand.nextHour : demand.now
    }
}
