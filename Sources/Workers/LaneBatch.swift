internal import Contracts
internal import Conversations
internal import Foundation
internal import HeapModule
internal import Instants

/// One run of decisions in one lane: events and timers merged by the lane clock, until the log that was read, or the
/// room of one commit, is used up.
///
/// Problem: a timer must fire before an event that entered the log at or after its due instant, and after every event
/// that entered before; a timer armed by an event of this very run has its place in it too. Choice: a heap of the
/// earliest due instant of each entity that is known to be due, fed from the lane's due members, from every state that
/// is loaded, and again after every decision; an entry whose entity has meanwhile another earliest timer is thrown away.
/// Timers fire only up to the horizon, behind which events may lie unread. Rejected: firing what Redis says is due
/// before deciding the events, which breaks promises that were kept in time. It does no I/O, so it is tested alone;
/// states come from the lane's cache, which must hold every entity asked for by `needs`.
struct LaneBatch {
    enum Step: Equatable {
        case event(Position)
        case timer(EntityID, ArmedTimer)
    }

    struct Bounds {
        var mostDecisions = 512
        var mostBytes = 640 * 1_024
    }

    private struct Firing: Comparable {
        let due: Instant
        let id: EntityID
        static func < (left: Firing, right: Firing) -> Bool { (left.due, left.id) < (right.due, right.id) }
    }

    let now: Instant
    let horizon: Instant
    let bounds: Bounds
    private(set) var plan: CommitPlan
    /// A decision failed after it had begun to change a state, which is lost with that; why. Nothing of this run may be
    /// committed: the step has to be set aside from the start, on states that are read again.
    private(set) var spoilt: String?
    private var firings = Heap<Firing>()
    private let events: [LoggedEvent]
    private let forgetting: LaneForgetting?
    private var index = 0

    /// - Parameters:
    ///   - sequence: the commit's.
    ///   - events: what was read, from the cursor on.
    ///   - due: entities whose member among the lane's timers is due by the horizon.
    ///   - horizon: up to where timers may fire once all events are decided.
    ///   - forgetting: whom the lane has forgotten.
    init(
        cursor: Position, sequence: UInt64, events: [LoggedEvent], due: [EntityID], now: Instant, horizon: Instant,
        bounds: Bounds, forgetting: LaneForgetting? = nil
    ) {
        self.forgetting = forgetting
        self.events = events
        self.now = now
        self.horizon = min(horizon, now)
        self.bounds = bounds
        plan = CommitPlan(cursor: cursor, sequence: sequence)
        plan.due = due
    }

    /// Events of the input that are decided.
    var decided: Int { index }

    /// The entities whose states the run may read, each once, without their parents.
    static func needs(_ events: some Sequence<LoggedEvent>, due: [EntityID]) -> [EntityID] {
        var seen = Set(due)
        var ids = due
        for event in events {
            guard case .event(_, let id) = event.content, seen.insert(id).inserted else { continue }
            ids.append(id)
        }
        return ids
    }

    /// Looks at the timers of the states that were loaded, given by `needs`. To be called once, before the first step.
    mutating func begin(_ ids: [EntityID], _ cache: StateCache) {
        for id in ids {
            guard let entry = cache[id] else { continue }
            offer(entry)
            if let parent = entry.parent, let entry = cache[parent] { offer(entry) }
        }
    }

    /// What is to be decided next; nil if nothing is left, the commit has no more room, or the run is spoilt.
    mutating func next(_ cache: StateCache) -> Step? {
        guard spoilt == nil, plan.decided + plan.firedTimers < bounds.mostDecisions, plan.bytes < bounds.mostBytes
        else {
            return nil
        }
        let event = index < events.count ? events[index] : nil
        let until = min(event?.at ?? horizon, horizon)
        while let firing = firings.min, firing.due <= until {
            guard let timer = cache[firing.id]?.state?.timers(dueBy: until).first,
                timer.dueAt == firing.due.milliseconds
            else {
                firings.removeMin()
                continue
            }
            return .timer(firing.id, timer)
        }
        return event.map { .event($0.position) }
    }

    /// Decides the step that `next` gave, or sets it aside for the reason given.
    mutating func perform(
        _ step: Step, settingAside reason: String? = nil, strikes: Int = 0, _ cache: inout StateCache,
        _ decider: Decider, _ policy: Policy, _ signals: Signals
    ) {
        do {
            if let reason { throw SetAside(reason: reason) }
            switch step {
            case .event:
                let event = events[index]
                guard case .event(let content, let id) = event.content else { throw SetAside(event) }
                if let forgetting,
                    forgetting.passesOver(content, event.position, isKnown: isKnown(content, cache[id]?.state))
                {
                    plan.passOver(event.position, now: now)
                    break
                }
                let input = Input.event(content, position: event.position, at: event.at)
                plan.note(content)
                try decide(id, input, &cache, decider, policy, signals)
            case .timer(let id, let timer):
                firings.removeMin()
                try decide(id, .timer(timer), &cache, decider, policy, signals)
            }
        } catch let error as Spoilt {
            spoilt = error.reason
        } catch {
            setAside(step, "\(error)", strikes, &cache)
        }
        switch step {
        case .timer: plan.firedTimers += 1
        case .event:
            plan.cursor = events[index].next
            plan.decided += 1
            plan.acceptedAt.append(events[index].at)
            index += 1
        }
    }
}

extension LaneBatch {
    private struct SetAside: Error, CustomStringConvertible {
        let description: String
        init(reason: String) { description = reason }
        init(_ event: LoggedEvent) {
            if case .broken(let reason) = event.content { description = reason } else { description = "" }
        }
    }

    /// A state is lost to a decision that failed late.
    private struct Spoilt: Error {
        let reason: String
    }

    /// Whether what an event is about is still there. Of a thread in which others wrote too a forgotten person's texts on their
    /// way are gone although the state is not.
    private func isKnown(_ event: Event, _ state: EntityState?) -> Bool {
        guard let state else { return false }
        guard case .outcome(let outcome) = event.kind, case .conversation(let talk) = state.entity,
            let action = ActionID(hex: outcome.action)
        else { return true }
        return talk.awaits(action)
    }

    private mutating func decide(
        _ id: EntityID, _ input: Input, _ cache: inout StateCache, _ decider: Decider, _ policy: Policy,
        _ signals: Signals
    ) throws {
        let entry = cache.entry(id)
        let parent = entry.parent.map { cache.entry($0) }
        guard !entry.isUnreadable, parent?.isUnreadable != true else {
            throw SetAside(reason: "expected the state of \(id), Redis holds bytes that are none")
        }
        var decision = try decide(entry, parent, input, decider, policy, signals)
        if case .timer(let timer) = input {
            guard !decision.own.timers.contains(timer) else {
                throw Spoilt(reason: "expected a fired timer to be disarmed, it still stands in the state")
            }
            decision.result.place(plan.cursor)
        }
        if case .event(let event, _, _) = input, event.swept, decision.result.verdict != .duplicate,
            decision.result.rule != DecisionResult.sweptKnown
        {
            plan.missed[event.account, default: 0] += 1
        }
        if case .event(let event, _, let at) = input, decision.result.rule == DecisionResult.platformReplied {
            plan.platformReplies[event.account] = max(at, plan.platformReplies[event.account] ?? at)
        }
        plan.bytes += 320
        plan.add(&decision, of: id)
        if decision.changesStates {
            store(entry, decision.own, cache)
        } else if entry.size > 0 || decision.own.decisions > 0 {
            entry.put(decision.own)
        }
        guard let parent, let state = decision.parent else { return }
        if decision.changesStates, decision.changesParent {
            store(parent, state, cache)
        } else {
            parent.put(state)
        }
    }

    /// Decides on the cache's own states, so that they change in place; an error gives them back or spoils the run.
    private func decide(
        _ entry: CachedState, _ parent: CachedState?, _ input: Input, _ decider: Decider, _ policy: Policy,
        _ signals: Signals
    ) throws -> Decision {
        let isNew = (entry.state == nil, parent?.state == nil)
        var own = entry.take()
        var above = parent?.take()
        do {
            return try decider.decide(entry.id, &own, &above, input, now, policy, SignalReader(signals))
        } catch {
            guard isNew.0 || own != nil, isNew.1 || above != nil else { throw Spoilt(reason: "\(error)") }
            entry.put(own)
            parent?.put(above)
            throw error
        }
    }

    private mutating func store(_ entry: CachedState, _ state: consuming EntityState, _ cache: StateCache) {
        if entry.store(state, by: cache.batch) {
            plan.touched.append(entry)
            plan.bytes += entry.size + 384
        }
        offer(entry)
    }

    private mutating func offer(_ entry: CachedState) {
        guard let due = entry.earliest, due <= horizon else { return }
        firings.insert(Firing(due: due, id: entry.id))
    }

    /// A dead letter and a result that says so. A timer that cannot be decided is disarmed, or it would fire for ever.
    private mutating func setAside(_ step: Step, _ reason: String, _ strikes: Int, _ cache: inout StateCache) {
        var letter = DeadLetter()
        var result = DecisionResult()
        result.verdict = .dead
        result.now = now.milliseconds
        var position = plan.cursor
        switch step {
        case .event:
            let event = events[index]
            position = event.position
            letter.event = Data(event.bytes)
            if case .event(let content, let id) = event.content {
                result.event = content.id
                result.conversation = id.text
                result.kind = content.kindWord
                result.happenedAt = content.happenedAt
                result.receivedAt = content.receivedAt
            }
        case .timer(let id, let timer):
            result.conversation = id.text
            result.timer = "\(timer.kind)@\(timer.dueAt)"
            if firings.min?.id == id, firings.min?.due.milliseconds == timer.dueAt { firings.removeMin() }
            if let entry = cache[id], var state = entry.take() {
                state.timers.removeAll { $0 == timer }
                store(entry, state, cache)
            }
        }
        result.place(position)
        letter.entryMs = position.entry.milliseconds
        letter.entrySequence = UInt32(clamping: position.entry.sequence)
        letter.index = UInt32(clamping: position.index)
        letter.error = reason
        letter.strikes = UInt32(clamping: strikes)
        plan.deadLetters.append(letter)
        plan.results.append(result)
        plan.bytes += letter.event.count + 512
    }
}
