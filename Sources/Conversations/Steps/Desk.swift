import BusinessTime
package import Contracts
import Instants

/// A desk's side of an escalation: one entity a conversation, `d/<team>/<conversation>`, which notifies once.
///
/// Tells of one conversation may arrive twice or out of order. Each carries the conversation's decision count: one that is
/// not newer than what the matter has heard says nothing new and is a duplicate. A count that is lower and yet told later
/// than all that the matter has heard is of a conversation whose state had gone, and which began anew.
///
/// It climbs the team's ladder: each step calls somebody, and a timer leads to the next one until the matter is acknowledged
/// or closed, or the last round has ended. Who is called follows the sun: the team while somebody of it is there, else a
/// team that is there and can answer, else who is on call. What was handed over always ends at who is on call. A threat in
/// a matter that is open already begins the ladder anew, whoever has acknowledged the smaller thing; so does a person's
/// reply that does not get through.
struct DeskTurn {
    let id: EntityID
    let cause: String
    let now: Instant
    /// Nil: the policy knows no such team; it is called by its own name, once.
    let team: TeamPolicy?
    let markets: [String: MarketPolicy]
    var state: EntityState
    var matter: Matter
    var desk: EntityState?
    var deskChanged = false
    var actions: [Action] = []
    var result: DecisionResult

    init(
        _ id: EntityID, own: consuming EntityState?, desk: consuming EntityState?, cause: String, now: Instant,
        policy: Policy, result: consuming DecisionResult
    ) {
        self.id = id
        self.cause = cause
        self.desk = desk
        team = policy.teams[id.parts.first ?? ""]
        markets = policy.markets
        self.result = result
        var state = own.take() ?? EntityState()
        matter = state.matter
        state.entity = nil
        self.now = max(now, Instant(milliseconds: state.lastNow))
        state.lastNow = self.now.milliseconds
        state.decisions &+= 1
        self.state = state
    }

    /// - Parameter at: when the teller decided it.
    mutating func hear(_ told: Told, at: Instant) {
        matter.origin = told.origin
        matter.heard = told.matter == .spike ? max(matter.heard, told.decisions) : told.decisions
        if told.matter != .spike { matter.heardAt = at.milliseconds }
        matter.market = told.market
        matter.language = told.language
        matter.channel = told.channel
        result.market = told.market
        result.rule = "desk.\(told.matter.word)"
        switch told.matter {
        case .escalation, .brokenPromise, .handover:
            matter.dueAt = told.dueAt
            matter.askedAt = now.milliseconds
            guard matter.isOpen else {
                matter.rule = told.rule
                matter.facts = told.facts
                return open()
            }
            // A threat stays one until the matter ends.
            guard !isSafety else { return }
            matter.facts = told.facts
            if Self.rising.contains(told.rule) { rise(as: told.rule) } else { recount(as: told.rule) }
        case .spike: hearSpike(told)
        case .claimed:
            if matter.standing != .closed { acknowledge() }
        case .closed:
            guard matter.standing != .closed, matter.standing != .unspecified else {
                matter.standing = .closed
                return
            }
            close()
        case .unspecified, .UNRECOGNIZED: result.rule = "desk.unknown"
        }
    }

    mutating func finished() -> Decision {
        result.now = now.milliseconds
        for action in actions {
            result.actions.append(action.idHigh)
            result.actions.append(action.idLow)
        }
        state.matter = matter
        return Decision(
            own: state, parent: desk, changesParent: deskChanged, actions: actions, result: result, changesStates: true)
    }

    /// What people do about the matter itself, such as an incident that no conversation stands for.
    mutating func hear(_ event: Event) {
        result.rule = "noted"
        result.market = matter.market
        switch event.kind {
        case .claim where matter.isOpen:
            result.rule = "desk.claimed"
            acknowledge()
        case .resolve where matter.isOpen:
            result.rule = "desk.closed"
            close()
        default: break
        }
    }

    /// Of a matter that is not open.
    mutating func open() {
        changeDesk { $0.opened &+= 1 }
        begin()
    }

    /// What begins the ladder anew although somebody sees to the matter: a threat; and a reply that does not get through,
    /// whose writer believes that the customer has it.
    private static let rising: Set<String> = [safety, Turn.undelivered]

    private mutating func rise(as rule: String) {
        withdrawCall()
        state.timers.removeAll()
        matter.rule = rule
        begin()
    }

    private mutating func begin() {
        matter.standing = .notified
        matter.openedAt = now.milliseconds
        matter.step = 0
        climb()
    }

    /// Nobody has acknowledged for as long as the step allows.
    mutating func fire(_ timer: ArmedTimer) {
        guard let armed = state.timers.firstIndex(of: timer) else {
            result.rule = "timer.settled"
            return
        }
        state.timers.remove(at: armed)
        if timer.kind == .quiet, matter.isOpen {
            result.market = matter.market
            result.rule = "desk.spike.over"
            return close()
        }
        guard timer.kind == .escalationStep, matter.standing == .notified else {
            result.rule = "timer.settled"
            return
        }
        result.market = matter.market
        if let desk, desk.desk.acknowledgedAt > 0, desk.desk.acknowledgedAt >= matter.calledAt {
            // Somebody has taken everything that the desk had called for.
            result.rule = "desk.acknowledged"
            acknowledge()
            return
        }
        result.rule = "desk.step"
        climb()
    }

    private mutating func acknowledge() {
        withdrawCall()
        if matter.standing == .notified { tellTaken() }
        matter.standing = .acknowledged
        state.timers.removeAll { $0.kind == .escalationStep }
    }

    mutating func close() {
        withdrawCall()
        matter.standing = .closed
        state.timers.removeAll()
        changeDesk { $0.closed &+= 1 }
        tellOver()
    }

    /// Calls whom the next step names, and arms the one after it.
    private mutating func climb() {
        let steps = ladder
        let index = Int(matter.step) % steps.count
        call(name(of: steps[index].target))
        matter.step &+= 1
        let isLast = Int(matter.step) >= steps.count * (team?.rounds ?? 1)
        guard !isLast else { return }
        let next = Int(matter.step) % steps.count
        let wait = next > 0 ? steps[next].after - steps[index].after : round - steps[index].after
        var timer = ArmedTimer()
        timer.kind = .escalationStep
        timer.dueAt = (now + max(wait, .seconds(1))).milliseconds
        timer.subject = "\(matter.step)"
        state.timers.append(timer)
    }

    /// A ladder of a team that names nobody on call leads there if what was handed over is not acknowledged in time.
    private static let acknowledgedWithin = Duration.seconds(900)

    /// From one first step to the next: a round that begins again waits as long as the step before took.
    var round: Duration {
        let steps = ladder
        let end = steps.last?.after ?? .zero
        let last = steps.count > 1 ? end - steps[steps.count - 2].after : end
        return end + max(last, .seconds(300))
    }

    var ladder: [LadderStep] {
        let steps = team?.ladder ?? [LadderStep(after: .zero, target: .team)]
        guard matter.rule == "handover", team != nil, !steps.contains(where: { $0.target == .onCall }) else {
            return steps
        }
        return steps + [LadderStep(after: (steps.last?.after ?? .zero) + Self.acknowledgedWithin, target: .onCall)]
    }

    /// The team that is there and can answer, else who is on call.
    private func name(of target: LadderStep.Target) -> String {
        let own = id.parts.first ?? ""
        switch target {
        case .named(let name): return name
        case .onCall: return team?.onCall ?? ""
        case .team:
            guard let team, !team.coverage.isOpen(at: now) else { return own }
            let served = markets[matter.market]?.served
            let there = served?.team(at: now, language: matter.language, channel: matter.channel, preferring: own)
            return there?.name ?? team.onCall
        }
    }

    mutating func changeDesk(_ change: (inout Desk) -> Void) {
        var holder = desk.take() ?? EntityState()
        var counts = holder.desk
        holder.entity = nil
        change(&counts)
        holder.desk = counts
        desk = holder
        deskChanged = true
    }
}

extension Matter {
    var isOpen: Bool { standing == .notified || standing == .acknowledged }

    var isUrgent: Bool { rule == DeskTurn.safety || rule == SpikeAlarm.rule }

    /// When it was last asked for, opened anew or not, on the lane clock.
    package var lastAskedAt: Int64 { max(openedAt, askedAt) }

    /// Ends it from outside, as if its conversation had told that nothing is open there any more: no call of it waits for a
    /// digest afterwards, and the desk counts it. Timers are the caller's. False if it is not open.
    package mutating func end(at desk: inout Desk) -> Bool {
        guard isOpen else { return false }
        desk.withdrawCall(of: self)
        desk.closed &+= 1
        standing = .closed
        return true
    }
}

extension EntityState {
    /// Of a matter that does not know when what it heard was told: a tell that is said again was decided before the matter
    /// first heard it; a conversation's state goes only after thirty quiet days (`KeepPolicy.leastStates`). In between
    /// lies this.
    private static let mostLate: Int64 = 86_400_000

    /// One conversation's instants never go back, so what was told later with no higher count is of another one under the
    /// same name. Posts tell of one spike in no order of each other: only the same alarm again is a duplicate, by its event.
    func hasHeard(_ told: Told, of event: Event) -> Bool {
        guard told.matter != .spike, matter.heard >= told.decisions else { return false }
        return matter.heardAt > 0 ? event.happenedAt <= matter.heardAt : event.happenedAt - Self.mostLate <= lastNow
    }
}

extension Told.Matter {
    var word: String {
        switch self {
        case .escalation: "escalation"
        case .claimed: "claimed"
        case .closed: "closed"
        case .brokenPromise: "broken_promise"
        case .handover: "handover"
        case .spike: "spike"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "matter_\(number)"
        }
    }
}
