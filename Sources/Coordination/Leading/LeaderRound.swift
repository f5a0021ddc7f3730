package import Contracts
package import Membership

// What a leader makes of what it read, as a value.
//
// Problem: where a lane is *to be* and where it *is* differ while it is handed over, after a death, and after nobody led
// for a while.
// Choice: a lane counts as being where its assignment says, with two exceptions. If a living member owns it and took it
// with a number not lower than the assignment's, it was adopted while nobody led; if the assigned member is dead but
// the lane never left its living former owner, it stays there. In both the leader writes what is the case, which costs
// no hand-over. Lanes of the dead are placed at once; lanes of the living move within a share of which the hand-overs
// under way are already taken off. Before anybody may be declared dead, lanes assigned to members not seen stay as
// they are. A member that has not been heard for half a lease keeps its lanes and is given none.
// How it fails: what is read is a moment old. The write is refused if the assignment changed meanwhile, and a lane
// refuses an owner with an older number.

/// One round of placement.
package struct LeaderRound: Sendable {
    /// What is to be written, in the order of lanes.
    package let moves: [PlacementMove]
    /// Lanes that a living member owns and another living member is to have.
    package let underWay: Int

    /// - Parameters:
    ///   - lanes: every lane of the topology.
    ///   - sights: their owners.
    ///   - share: how many lanes may be on the move between living members at a time.
    package init(
        lanes: [LaneName], assignment: Assignment, census: Census, sights: [LaneName: LaneSight], share: Int,
        placement: Placement
    ) {
        let alive = Set(census.living.map(\.id))
        // With everybody silent there is nobody better.
        let silent = census.placeable.allSatisfy(census.silent.contains) ? [] : census.silent
        var current: [LaneName: MemberID] = [:]
        var kept: [PlacementMove] = []
        var movable: [LaneName] = []
        var underWay = 0
        for lane in lanes {
            let target = assignment.targets[lane]
            let sight = sights[lane] ?? LaneSight()
            let owner = sight.owner.flatMap { alive.contains($0) ? $0 : nil }
            if let member = target?.member, !alive.contains(member), !census.isDead(member), owner == nil { continue }
            movable.append(lane)
            let isAdopted = sight.assignment >= target?.number ?? 0
            let targetLives = target?.member.map { !census.isDead($0) } ?? false
            if let owner, owner != target?.member, isAdopted || !targetLives {
                current[lane] = owner
                kept.append(PlacementMove(lane: lane, member: owner))
            } else if let member = target?.member, targetLives {
                current[lane] = member
                if let owner, owner != member { underWay += 1 }
            }
        }
        let plan = placement(
            PlacementInput(
                members: census.placeable.filter { !silent.contains($0) },
                lanes: movable.filter { lane in current[lane].map { !silent.contains($0) } ?? true }, current: current,
                share: max(0, share - underWay)))
        let planned = Set(plan.map(\.lane))
        moves = (plan + kept.filter { !planned.contains($0.lane) }).sorted { $0.lane < $1.lane }
        self.underWay = underWay
    }
}
