package import Contracts
internal import Instants
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
// they are. A member that has not been heard for half a lease keeps what it owns and is given nothing; nor is one that
// did not beat within `answer` after a lane was assigned to it, since an assignment rings for a heartbeat. What such a
// member was given but nobody alive owns goes on to the next. The instant of an assignment is its number: Redis'
// milliseconds, unless a fail-over or a clock set back pushed it ahead of them; then this waits for the clock, and the
// lease of the silent one ends as ever.
// Rejected: to wait for the lease of an heir that died before it took the lane. A lane would wait two leases.
// How it fails: what is read is a moment old. The write is refused if the assignment changed meanwhile, and a lane
// refuses an owner with an older number.

/// One round of placement.
package struct LeaderRound: Sendable {
    /// What is to be written, in the order of lanes.
    package let moves: [PlacementMove]
    /// Lanes that a living member owns and another living member is to have.
    package let underWay: Int
    /// Whether a lane that nobody alive owns waits for the member that it was given to.
    package let isAwaiting: Bool

    /// - Parameters:
    ///   - lanes: every lane of the topology.
    ///   - sight: the owner of the lane at a place in `lanes`.
    ///   - share: how many lanes may be on the move between living members at a time.
    ///   - figures: what is known of the load.
    ///   - answer: how long a member has for the heartbeat after an assignment.
    ///   - pins: where people want lanes.
    package init(
        lanes: [LaneName], assignment: Assignment, census: Census, share: Int, answer: Duration,
        figures: PlacementFigures = PlacementFigures(), pins: [LaneName: MemberID] = [:], placement: Placement,
        sight: (Int) -> LaneSight
    ) {
        let alive = Set(census.living.map(\.id))
        let silent = Self.silent(lanes, assignment, census, answer, sight)
        var current: [LaneName: MemberID] = [:]
        var kept: [PlacementMove] = []
        var movable: [LaneName] = []
        current.reserveCapacity(lanes.count)
        movable.reserveCapacity(lanes.count)
        var underWay = 0
        var isAwaiting = false
        for (place, lane) in lanes.enumerated() {
            let target = assignment.targets[lane]
            let sight = sight(place)
            let owner = sight.owner.flatMap { alive.contains($0) ? $0 : nil }
            if let member = target?.member, !alive.contains(member), !census.isDead(member), owner == nil { continue }
            movable.append(lane)
            let isAdopted = sight.assignment >= target?.number ?? 0
            let targetLives = target?.member.map { !census.isDead($0) } ?? false
            if let owner, owner != target?.member, isAdopted || !targetLives {
                current[lane] = owner
                kept.append(PlacementMove(lane: lane, member: owner))
            } else if let member = target?.member, targetLives, owner != nil || !silent.contains(member) {
                current[lane] = member
                if let owner, owner != member { underWay += 1 }
                if owner == nil { isAwaiting = true }
            }
        }
        let plan = placement(
            PlacementInput(
                members: census.placeable.filter { !silent.contains($0) },
                lanes: silent.isEmpty
                    ? movable : movable.filter { lane in current[lane].map { !silent.contains($0) } ?? true },
                current: current,
                share: max(0, share - underWay), pins: pins, figures: figures))
        moves = Self.joined(plan, kept)
        self.underWay = underWay
        self.isAwaiting = isAwaiting
    }

    /// Both in the order of lanes; of a lane that is in both, the plan's.
    private static func joined(_ plan: [PlacementMove], _ kept: [PlacementMove]) -> [PlacementMove] {
        guard !kept.isEmpty else { return plan.sorted { $0.lane < $1.lane } }
        let planned = Set(plan.map(\.lane))
        return (plan + kept.filter { !planned.contains($0.lane) }).sorted { $0.lane < $1.lane }
    }

    /// The same with the owners by lane; nobody's for a lane that is missing.
    package init(
        lanes: [LaneName], assignment: Assignment, census: Census, sights: [LaneName: LaneSight], share: Int,
        answer: Duration, figures: PlacementFigures = PlacementFigures(), pins: [LaneName: MemberID] = [:],
        placement: Placement
    ) {
        self.init(
            lanes: lanes, assignment: assignment, census: census, share: share, answer: answer, figures: figures,
            pins: pins, placement: placement
        ) { sights[lanes[$0]] ?? LaneSight() }
    }

    /// Members that get nothing now. With everybody silent there is nobody better.
    private static func silent(
        _ lanes: [LaneName], _ assignment: Assignment, _ census: Census, _ answer: Duration,
        _ sight: (Int) -> LaneSight
    ) -> Set<MemberID> {
        var silent = census.silent
        let heard = Dictionary(uniqueKeysWithValues: census.living.map { ($0.id, $0.beatAt) })
        for (place, lane) in lanes.enumerated() {
            guard let target = assignment.targets[lane], let member = target.member, let beat = heard[member] else {
                continue
            }
            let given = Instant(milliseconds: Int64(clamping: target.number))
            guard beat < given, given + answer <= census.now else { continue }
            if let owner = sight(place).owner, heard[owner] != nil { continue }
            silent.insert(member)
        }
        return census.placeable.allSatisfy(silent.contains) ? [] : silent
    }
}
