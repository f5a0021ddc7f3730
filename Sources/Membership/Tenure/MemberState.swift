package import Contracts
package import Instants

// What a member does about its lanes, as a value: each input returns what the shell has to do.
//
// Problem: a lane must have one owner that works, change it without idling, and get a new one soon after a death, with
// a leader or without.
// Choice: the token in the lane fences; everything here is only about *when* to take. A lane without a living owner is
// taken at once. One with a living owner is asked for (`want` wakes the owner, which finishes its commit and releases;
// the release wakes us) and taken past a deadline. The owner lets go only when somebody asks, so that the lane works
// until its heir is there. Every take carries the newest assignment number that this member has read; a lane refuses a
// lower one, so a member that reads late cannot take back what was decided since. An owner that took it with a number
// not lower than the decision is not disturbed: it adopted the lane while nobody led, and the leader has to say anew.
// Without a leader a lane whose target is dead goes to its natural heir, a bounded number per heartbeat, so that a cold
// cluster does not take everything in one instant.
// Rejected: release at the moment at which the owner reads the new assignment. The heir may read it a second later.
// How it fails: two members that both believe to be entitled fence each other once; the lane's log is unharmed.

/// A member's tenures. All instants are Redis' clock.
package struct MemberState: Sendable {
    package struct Limits: Sendable, Hashable {
        /// How long an owner may take to release a lane that was asked for.
        package var handOver: Duration
        /// How long the own process may take to answer before it is asked again.
        package var answer: Duration
        /// Lanes without a leader's decision that are taken per heartbeat.
        package var adoptionsPerBeat: Int

        package init(
            handOver: Duration = .seconds(2), answer: Duration = .seconds(5), adoptionsPerBeat: Int = 64
        ) {
            self.handOver = handOver
            self.answer = answer
            self.adoptionsPerBeat = adoptionsPerBeat
        }
    }

    /// How far this member is with one lane.
    package enum Tenure: Sendable, Hashable {
        /// Its owner was asked to release it.
        case asked(since: Instant)
        /// A runner was told to take it.
        case granted(assignment: UInt64, since: Instant)
        case held(assignment: UInt64)
        /// A runner was told to release it.
        case revoked(since: Instant)
    }

    package enum Action: Sendable, Hashable {
        /// Write `wanted` into the lane and wake its owner.
        case ask(LaneName)
        case grant(LaneName, assignment: UInt64)
        case revoke(LaneName)
    }

    package let id: MemberID
    package let limits: Limits
    package private(set) var tenures: [LaneName: Tenure] = [:]
    package private(set) var assignment = Assignment()
    /// The lanes that `assignment` gives to this member.
    private var assigned: Set<LaneName> = []
    /// It takes nothing any more and gives everything up as soon as somebody asks.
    package var isLeaving = false
    /// Every lane that the topology has, in order.
    package private(set) var lanes: [LaneName] = []

    package init(id: MemberID, limits: Limits = Limits()) {
        self.id = id
        self.limits = limits
    }

    /// Lanes that it holds, in the order of names.
    package var held: [LaneName] {
        tenures.compactMap { lane, tenure in if case .held = tenure { lane } else { nil } }.sorted()
    }

    /// Lanes whose owner was asked to release them.
    package var asked: [LaneName] {
        tenures.compactMap { lane, tenure in if case .asked = tenure { lane } else { nil } }.sorted()
    }

    package mutating func learn(lanes: [LaneName]) { self.lanes = lanes.sorted() }

    package mutating func learn(_ changes: [(lane: LaneName, target: LaneTarget)], upTo number: UInt64) {
        assignment.learn(changes, upTo: number)
        for (lane, _) in changes {
            if assignment.targets[lane]?.member == id { assigned.insert(lane) } else { assigned.remove(lane) }
        }
    }

    /// For an assignment that Redis lost with its tail: everything is to be learned anew.
    package mutating func forgetAssignment() {
        assignment = Assignment()
        assigned = []
    }

    /// Whether `interests` depends on who lives.
    package func needsCensus(_ control: ControlState) -> Bool {
        !control.isLed || isLeaving || targetChange != TargetChange()
    }

    /// The lanes whose owner has to be looked at before `beat`. O(lanes), without a leader O(lanes · members).
    package func interests(_ control: ControlState, _ census: Census) -> [LaneName] {
        let change = targetChange
        let adoptable = adoptable(control, census)
        return isLeaving ? change.toGiveUp : change.toPursue + change.toGiveUp + adoptable
    }

    /// Once a heartbeat, with the owners of `interests`.
    package mutating func beat(
        _ control: ControlState, _ census: Census, sights: [LaneName: LaneSight]
    ) -> [Action] {
        let change = targetChange
        var actions = passed(control.now)
        for lane in change.toGiveUp {
            guard let sight = sights[lane], sight.wanted != nil, sight.wanted != id else { continue }
            actions.append(revoke(lane, control.now))
        }
        guard !isLeaving else { return actions }
        for lane in change.toPursue {
            guard let sight = sights[lane], let target = assignment.targets[lane] else { continue }
            if let action = pursue(lane, sight, target, census, control.now) { actions.append(action) }
        }
        var left = limits.adoptionsPerBeat
        for lane in adoptable(control, census) where left > 0 && tenures[lane] == nil {
            guard let sight = sights[lane], isFree(sight, census) else { continue }
            left -= 1
            actions.append(grant(lane, control.now))
        }
        return actions
    }

    /// The runner's answer to a grant or a revocation, or its own news.
    package mutating func reported(_ report: LaneReport) -> [Action] {
        switch report {
        case .taken(let lane):
            switch tenures[lane] {
            case .granted(let number, _): tenures[lane] = .held(assignment: number)
            case .held: break
            case nil, .asked, .revoked: tenures[lane] = .held(assignment: assignment.number)
            }
        case .refused(let lane), .released(let lane), .lost(let lane):
            tenures[lane] = nil
        }
        return []
    }

    /// The wake channel of a lane said that it was released.
    package mutating func ownerReleased(_ lane: LaneName, _ now: Instant) -> [Action] {
        guard case .asked = tenures[lane], !isLeaving else { return [] }
        return [grant(lane, now)]
    }

    /// What is due by the clock alone: lanes asked for in vain are taken, unanswered orders are given again.
    package mutating func passed(_ now: Instant) -> [Action] {
        var actions: [Action] = []
        for lane in tenures.keys.sorted() {
            switch tenures[lane] {
            case .asked(let since) where isLeaving || assignment.targets[lane]?.member != id || since > now:
                tenures[lane] = nil
            case .asked(let since) where since + limits.handOver <= now:
                actions.append(grant(lane, now))
            case .granted(_, let since) where since + limits.answer <= now:
                tenures[lane] = nil
            case .revoked(let since) where since + limits.answer <= now:
                actions.append(revoke(lane, now))
            default:
                break
            }
        }
        return actions
    }

    /// The next instant at which `passed` has something to do.
    package var nextDeadline: Instant? {
        tenures.values.compactMap { tenure in
            switch tenure {
            case .asked(let since): since + limits.handOver
            case .granted(_, let since), .revoked(let since): since + limits.answer
            case .held: nil
            }
        }.min()
    }

    /// Gives up everything at once, for the end of the process.
    package mutating func revokeAll(_ now: Instant) -> [Action] {
        isLeaving = true
        return held.map { revoke($0, now) }
    }

    private var targetChange: TargetChange {
        TargetChange(
            of: id, tenures: tenures, assigned: assigned, assignment: assignment, isInUse: isInUse)
    }

    /// Whether the topology has a lane, as far as it was read. O(log lanes).
    private func isInUse(_ lane: LaneName) -> Bool {
        var (low, high) = (0, lanes.count)
        while low < high {
            let middle = (low + high) / 2
            if lanes[middle] < lane { low = middle + 1 } else { high = middle }
        }
        return lanes.isEmpty || low < lanes.count && lanes[low] == lane
    }

    private func adoptable(_ control: ControlState, _ census: Census) -> [LaneName] {
        guard !control.isLed, census.canJudge, !isLeaving else { return [] }
        var heirs = census.placeable
        if !heirs.contains(id) { heirs.append(id) }
        return lanes.filter { lane in
            guard tenures[lane] == nil else { return false }
            let target = assignment.targets[lane]?.member
            guard target.map(census.isDead) ?? true else { return false }
            return Heirs.heir(of: lane, among: heirs) == id
        }
    }

    private func isFree(_ sight: LaneSight, _ census: Census) -> Bool {
        guard let owner = sight.owner else { return true }
        return owner == id || census.isDead(owner)
    }

    private mutating func pursue(
        _ lane: LaneName, _ sight: LaneSight, _ target: LaneTarget, _ census: Census, _ now: Instant
    ) -> Action? {
        if isFree(sight, census) {
            // Passed deadlines may just have granted it.
            if case .granted = tenures[lane] { return nil }
            return grant(lane, now)
        }
        guard sight.assignment < target.number else {
            tenures[lane] = nil
            return nil
        }
        guard tenures[lane] == nil else { return nil }
        tenures[lane] = .asked(since: now)
        return .ask(lane)
    }

    private mutating func grant(_ lane: LaneName, _ now: Instant) -> Action {
        tenures[lane] = .granted(assignment: assignment.number, since: now)
        return .grant(lane, assignment: assignment.number)
    }

    private mutating func revoke(_ lane: LaneName, _ now: Instant) -> Action {
        tenures[lane] = .revoked(since: now)
        return .revoke(lane)
    }
}
