package import Contracts
package import Instants

/// A lane without Redis, for `nightshift decide` and what-if: events in, results and actions out, on a virtual clock.
///
/// Problem: show what a policy does, to the byte as a worker would do it. Choice: the same `decide`, fed in the same order
/// as a runner feeds it (a timer due by an event's instant fires first), with states in memory and every conversation in
/// one place. What it does not have: limits of accounts, failures of channels, several lanes. Undecidable events become
/// results with the verdict `dead`, as they become dead letters in a lane.
package struct DryRun {
    /// How actions end.
    package enum Outcomes: String, Sendable, CaseIterable {
        /// Each succeeds at the instant it was decided.
        case delivered
        /// Only as `outcome` events of the input say.
        case input
    }

    package enum Line: Sendable {
        case result(DecisionResult)
        case action(Action)
    }

    /// The most decisions that follow from one input, a bound against a policy that tells itself in circles.
    static let mostConsequences = 64

    private let policy: Policy
    private let signals: Signals
    private let outcomes: Outcomes
    private var states: [EntityID: EntityState] = [:]
    private var timers = DueList()
    private var sequence: UInt64 = 0

    /// The virtual clock; never goes back.
    package private(set) var now: Instant = .distantPast

    package init(policy: Policy, signals: Signals, outcomes: Outcomes) {
        self.policy = policy
        self.signals = signals
        self.outcomes = outcomes
    }

    /// Moves the clock to the event's `received_at` (its `happened_at` without one), fires what is due before it, decides it.
    package mutating func take(_ event: Event) -> [Line] {
        let at = Instant(milliseconds: event.receivedAt != 0 ? event.receivedAt : event.happenedAt)
        var lines = run(until: at)
        lines += decideAll([event])
        return lines
    }

    /// Fires every timer that is due by the instant and leaves the clock there.
    package mutating func run(until end: Instant) -> [Line] {
        var lines: [Line] = []
        while let next = timers.first, next.due <= end {
            timers.removeFirst()
            guard let state = states[next.entity], state.earliestTimer == next.due else { continue }
            now = max(now, next.due)
            for timer in state.timers(dueBy: next.due) {
                var follow: [Event] = []
                lines += decideOne(next.entity, .timer(timer), caused: &follow)
                lines += decideAll(follow)
            }
        }
        now = max(now, end)
        return lines
    }

    private mutating func decideAll(_ events: [Event]) -> [Line] {
        var lines: [Line] = []
        var queue = events
        var done = 0
        while done < queue.count, done < Self.mostConsequences {
            var follow: [Event] = []
            lines += decideOne(queue[done], caused: &follow)
            queue += follow
            done += 1
        }
        return lines
    }

    private mutating func decideOne(_ event: Event, caused: inout [Event]) -> [Line] {
        sequence += 1
        let entry = EntryID(milliseconds: UInt64(max(0, now.milliseconds)), sequence: sequence)
        let position = Position(entry: entry, index: 0)
        do {
            let entity = try EntityID.of(event)
            if !entity.isDesk { _ = try policy.lane(of: entity) }
            return decideOne(entity, .event(event, position: position, at: now), caused: &caused)
        } catch {
            return [.result(dead(event.id, conversation: event.conversation, rule: "dead.unroutable"))]
        }
    }

    private mutating func decideOne(_ entity: EntityID, _ input: Input, caused: inout [Event]) -> [Line] {
        do {
            let decision = try decide(
                entity, own: states[entity], parent: entity.parent.flatMap { states[$0] }, input: input, now: now,
                policy: policy, signals: SignalReader(signals))
            keep(decision.own, of: entity)
            if decision.changesParent, let parent = entity.parent, let state = decision.parent {
                keep(state, of: parent)
            }
            for action in decision.actions { caused.append(contentsOf: consequences(of: action)) }
            return [.result(decision.result)] + decision.actions.map(Line.action)
        } catch {
            var id = ""
            if case .event(let event, _, _) = input { id = event.id }
            disarm(entity, input)
            return [.result(dead(id, conversation: entity.text, rule: "dead.undecidable"))]
        }
    }

    private mutating func keep(_ state: EntityState, of entity: EntityID) {
        states[entity] = state
        if let due = state.earliestTimer { timers.insert(due, entity) }
    }

    /// A timer that cannot be decided would fire for ever.
    private mutating func disarm(_ entity: EntityID, _ input: Input) {
        guard case .timer(let timer) = input else { return }
        states[entity]?.timers.removeAll { $0 == timer }
    }

    private func consequences(of action: Action) -> [Event] {
        guard outcomes == .delivered else { return [] }
        if action.kind == .tell { return action.hasEvent ? [action.event] : [] }
        var event = Event()
        event.id = "\(action.actionID).1"
        event.account = action.account
        event.conversation = action.conversation
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.outcome.action = action.actionID.description
        event.outcome.attempt = 1
        event.outcome.status = .delivered
        return [event]
    }

    private func dead(_ event: String, conversation: String, rule: String) -> DecisionResult {
        var result = DecisionResult()
        result.event = event
        result.conversation = conversation
        result.now = now.milliseconds
        result.verdict = .dead
        result.rule = rule
        return result
    }
}

extension EntityID {
    fileprivate var isDesk: Bool { kind == .desk || kind == .matter }
}
