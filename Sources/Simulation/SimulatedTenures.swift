import Contracts
import Coordination
import Instants
import Membership

/// How lanes change hands in the simulation: members' real rules, with drawn times between one step and the next.
extension ClusterSimulation {
    mutating func join(_ slot: Int) throws {
        guard !workers[slot].isAlive else { return }
        if let outage = away[0] {
            return happen(at: outage.until + .milliseconds(1) + workers[slot].phase / 4, .join(slot: slot))
        }
        workers[slot].incarnation += 1
        workers[slot].isAlive = true
        let id = try MemberID(name: workers[slot].name, incarnation: workers[slot].incarnation)
        workers[slot].state = MemberState(id: id)
        workers[slot].rungAt = control.now
        workers[slot].busy = 0
        workers[slot].regularAt = nil
        workers[slot].deadlineAt = nil
        slots[id] = slot
        callRound(at: control.now + .milliseconds(50))
    }

    /// A worker drawn by lot crashes.
    mutating func die() {
        // All is drawn before anything else counts.
        let slot = Int(faults.number(below: UInt64(workers.count)))
        let isQuick = faults.fraction() < 0.5
        let away = isQuick ? 500 + faults.number(below: 1_501) : 5_000 + faults.number(below: 295_001)
        crash(slot, awayFor: .milliseconds(Int64(away)))
    }

    mutating func crash(_ slot: Int, awayFor away: Duration) {
        guard workers[slot].isAlive else { return }
        let id = workers[slot].id
        control.dead[id] = control.record(workers[slot], runners: settings.runners)
        workers[slot].isAlive = false
        report[.crash].count += 1
        var lost = 0
        for (index, lane) in lanes.enumerated() where control.sights[lane]?.owner == id {
            stops(index)
            lost += 1
        }
        if lost > 0 { mourn(id, lanes: lost) }
        happen(at: control.now + away, .join(slot: slot))
        if !hasCoordinators { happen(at: control.now + control.times.lease, .adopt) }
        callRound(at: control.now + .seconds(1))
    }

    /// A heartbeat out of turn, as what was heard rings for it, or one that has something to do.
    mutating func beat(_ slot: Int) {
        if workers[slot].regularAt == control.now { workers[slot].regularAt = nil }
        guard !control.isAway else { return }
        workers[slot].rungAt = control.now
        let census = census()
        let state = control.state
        var sights: [LaneName: LaneSight] = [:]
        for lane in workers[slot].state.interests(state, census) where awayUntil(lane) == nil {
            sights[lane] = control.sights[lane]
        }
        perform(workers[slot].state.beat(state, census, sights: sights), of: slot)
        if workers[slot].state.interests(state, census).contains(where: waits) { beatRegularly(slot) }
    }

    /// Whether nobody who lives owns a lane, or it cannot be seen. Another one's owner is asked, and answers by itself.
    private func waits(_ lane: LaneName) -> Bool {
        guard awayUntil(lane) == nil, let owner = control.sights[lane]?.owner, let slot = slots[owner] else {
            return true
        }
        return !workers[slot].isAlive || workers[slot].id != owner
    }

    /// Its next heartbeat in turn is played.
    mutating func beatRegularly(_ slot: Int) {
        guard workers[slot].regularAt ?? .distantPast <= control.now else { return }
        let next = workers[slot].nextBeat(control.now, interval: control.times.interval)
        workers[slot].regularAt = next
        happen(at: next, .beat(slot: slot, incarnation: workers[slot].incarnation))
    }

    mutating func passDeadline(of slot: Int) {
        if workers[slot].deadlineAt == control.now { workers[slot].deadlineAt = nil }
        perform(workers[slot].state.passed(control.view(of: workers[slot])), of: slot)
    }

    mutating func ring(_ slot: Int) {
        happen(at: control.now + pause(1, 20), .beat(slot: slot, incarnation: workers[slot].incarnation))
    }

    mutating func perform(_ actions: [MemberState.Action], of slot: Int) {
        let id = workers[slot].id
        for action in actions {
            switch action {
            case .ask(let lane):
                guard awayUntil(lane) == nil else { continue }
                control.sights[lane]?.wanted = id
                if let owner = control.sights[lane]?.owner.flatMap({ slots[$0] }), workers[owner].isAlive {
                    ring(owner)
                }
            case .grant(let lane, let number):
                happen(at: control.now + pause(1, 8), .take(lane, by: id, number: number))
            case .revoke(let lane):
                happen(at: control.now + pause(2, 40), .release(lane, by: id))
            }
        }
        guard let deadline = workers[slot].state.nextDeadline else { return }
        let left = Double((deadline - control.view(of: workers[slot])).wholeMilliseconds) / workers[slot].speed
        let at = control.now + .milliseconds(max(1, Int64(left.rounded(.up))))
        guard at < workers[slot].deadlineAt ?? .distantFuture else { return }
        workers[slot].deadlineAt = at
        happen(at: at, .deadline(slot: slot, incarnation: workers[slot].incarnation))
    }

    mutating func release(_ lane: LaneName, by id: MemberID) {
        guard let slot = slots[id], workers[slot].id == id, workers[slot].isAlive,
            control.sights[lane]?.owner == id
        else { return }
        if let back = awayUntil(lane) { return happen(at: back + pause(2, 40), .release(lane, by: id)) }
        control.sights[lane]?.owner = nil
        if let index = indices[lane] { stops(index) }
        freed[lane] = control.now
        perform(workers[slot].state.reported(.released(lane)), of: slot)
        guard let heir = control.sights[lane]?.wanted.flatMap({ slots[$0] }), workers[heir].isAlive else { return }
        perform(workers[heir].state.ownerReleased(lane, control.now), of: heir)
    }

    mutating func take(_ lane: LaneName, by id: MemberID, _ number: UInt64) {
        guard let slot = slots[id], workers[slot].id == id, workers[slot].isAlive, let sight = control.sights[lane]
        else { return }
        let isNewer = sight.assignment > number
        guard !isNewer, awayUntil(lane) == nil else {
            if isNewer { report.refused += 1 }
            perform(workers[slot].state.reported(.refused(lane)), of: slot)
            return beatRegularly(slot)
        }
        if let other = sight.owner, other != id {
            if let before = slots[other], workers[before].id == other, workers[before].isAlive {
                report.fenced += 1
                perform(workers[before].state.reported(.lost(lane)), of: before)
            } else {
                recovered(other)
            }
        }
        if let free = freed.removeValue(forKey: lane) {
            report.handOvers.append(Double((control.now - free).wholeMilliseconds))
        }
        control.sights[lane] = LaneSight(owner: id, assignment: number)
        if let index = indices[lane] { works(index, slot) }
        perform(workers[slot].state.reported(.taken(lane)), of: slot)
    }

    func census() -> Census {
        control.census(workers.filter(\.isAlive).map { control.record($0, runners: settings.runners) })
    }
}
