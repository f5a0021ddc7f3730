import Contracts
import Coordination
import Instants
import Membership

/// How lanes change hands in the simulation: members' real rules, with drawn times between one step and the next.
extension ClusterSimulation {
    mutating func join(_ slot: Int) throws {
        workers[slot].incarnation += 1
        workers[slot].isAlive = true
        let id = try MemberID(name: workers[slot].name, incarnation: workers[slot].incarnation)
        workers[slot].state = MemberState(id: id)
        workers[slot].rungAt = control.now
        workers[slot].busy = 0
        slots[id] = slot
        callRound(at: control.now + .milliseconds(50))
    }

    /// A worker drawn by lot crashes.
    mutating func die() {
        // All is drawn before anything else counts.
        let slot = Int(faults.number(below: UInt64(workers.count)))
        let isQuick = faults.fraction() < 0.5
        let away = isQuick ? 500 + faults.number(below: 1_501) : 5_000 + faults.number(below: 295_001)
        guard workers[slot].isAlive else { return }
        let id = workers[slot].id
        control.dead[id] = control.record(workers[slot], runners: settings.runners)
        workers[slot].isAlive = false
        report.crashes += 1
        var lost = 0
        for (index, lane) in lanes.enumerated() where control.sights[lane]?.owner == id {
            owners[index] = -1
            lost += 1
        }
        if lost > 0 { waiting[id] = (control.now, lost) }
        happen(at: control.now + .milliseconds(Int64(away)), .join(slot: slot))
        callRound(at: control.now + .seconds(1))
    }

    /// A heartbeat out of turn, as what was heard rings for it.
    mutating func beat(_ slot: Int) {
        workers[slot].rungAt = control.now
        let census = census()
        let state = control.state
        var sights: [LaneName: LaneSight] = [:]
        for lane in workers[slot].state.interests(state, census) { sights[lane] = control.sights[lane] }
        perform(workers[slot].state.beat(state, census, sights: sights), of: slot)
    }

    mutating func ring(_ slot: Int) {
        happen(at: control.now + pause(1, 20), .beat(slot: slot, incarnation: workers[slot].incarnation))
    }

    mutating func perform(_ actions: [MemberState.Action], of slot: Int) {
        let id = workers[slot].id
        for action in actions {
            switch action {
            case .ask(let lane):
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
        happen(
            at: max(deadline, control.now + .milliseconds(1)),
            .deadline(slot: slot, incarnation: workers[slot].incarnation))
    }

    mutating func release(_ lane: LaneName, by id: MemberID) {
        guard let slot = slots[id], workers[slot].id == id, workers[slot].isAlive,
            control.sights[lane]?.owner == id
        else { return }
        control.sights[lane]?.owner = nil
        if let index = indices[lane] { owners[index] = -1 }
        freed[lane] = control.now
        perform(workers[slot].state.reported(.released(lane)), of: slot)
        guard let heir = control.sights[lane]?.wanted.flatMap({ slots[$0] }), workers[heir].isAlive else { return }
        perform(workers[heir].state.ownerReleased(lane, control.now), of: heir)
    }

    mutating func take(_ lane: LaneName, by id: MemberID, _ number: UInt64) {
        guard let slot = slots[id], workers[slot].id == id, workers[slot].isAlive, let sight = control.sights[lane]
        else { return }
        guard sight.assignment <= number else {
            report.refused += 1
            perform(workers[slot].state.reported(.refused(lane)), of: slot)
            return
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
        if let index = indices[lane] { owners[index] = slot }
        perform(workers[slot].state.reported(.taken(lane)), of: slot)
    }

    func census() -> Census {
        control.census(workers.filter(\.isAlive).map { control.record($0, runners: settings.runners) })
    }

    private mutating func recovered(_ dead: MemberID) {
        guard let entry = waiting[dead] else { return }
        guard entry.lanes <= 1 else {
            waiting[dead] = (entry.died, entry.lanes - 1)
            return
        }
        waiting[dead] = nil
        report.recoveries.append(Double((control.now - entry.died).wholeMilliseconds) / 1_000)
    }
}
