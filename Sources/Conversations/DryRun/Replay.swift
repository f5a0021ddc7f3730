package import Contracts
import Instants

/// Proves that decisions are a function of what was recorded: decides again what a lane decided, and compares the bytes.
///
/// Fed with a lane's results in their order, each with its event; it keeps the states as the lane did. The lane's log must
/// reach back to its first event, or `states` must be those of the point where the results begin.
package struct Replay {
    /// What became of one recorded result.
    package enum Comparison: Sendable, Equatable {
        case same
        /// Something of it, or of what decided along with it, was erased with its person.
        case erased
        /// Another result: what was recorded and what came now.
        case differs(recorded: DecisionResult, now: DecisionResult)
        /// It cannot be decided again: why.
        case impossible(String)
    }

    private var states: [EntityID: EntityState]
    /// Posts and desks that lack what was erased.
    private var incomplete: Set<String> = []

    package init(states: [EntityID: EntityState] = [:]) {
        self.states = states
    }

    /// Decides one recorded result again and keeps the states that follow.
    ///
    /// - Parameters:
    ///   - event: the event at the result's position; nil for a timer.
    ///   - policy: the policy whose hash stands in the result's batch.
    package mutating func step(_ recorded: DecisionResult, event: Event?, policy: Policy) -> Comparison {
        guard recorded.verdict != .dead else { return .same }
        guard !isErased(recorded) else { return .erased }
        do throws(Impossible) {
            let decision = try decided(recorded, event: event, policy: policy)
            keep(decision, of: recorded)
            return decision.result == recorded ? .same : .differs(recorded: recorded, now: decision.result)
        } catch {
            return .impossible(error.reason)
        }
    }

    /// Whether a result cannot be decided again since a person was forgotten: what is left of theirs names the post or desk
    /// whose state it helped to make.
    mutating func isErased(_ recorded: DecisionResult) -> Bool {
        if recorded.rule == "erased" {
            if !recorded.conversation.isEmpty { incomplete.insert(recorded.conversation) }
            return true
        }
        guard !incomplete.isEmpty, let entity = try? EntityID(recorded.conversation) else { return false }
        return incomplete.contains(entity.text) || entity.parent.map { incomplete.contains($0.text) } == true
    }

    struct Impossible: Error {
        let reason: String
    }

    /// What is decided in the place of a recorded result, with the states that the lane had then; its result stands at the
    /// recorded place.
    func decided(_ recorded: DecisionResult, event: Event?, policy: Policy) throws(Impossible) -> Decision {
        guard let entity = try? EntityID(recorded.conversation) else {
            throw Impossible(reason: "expected an entity id, got \"\(recorded.conversation)\"")
        }
        let input: Input
        if let event {
            let entry = EntryID(milliseconds: recorded.entryMs, sequence: UInt64(recorded.entrySequence))
            input = .event(
                event, position: Position(entry: entry, index: Int(recorded.index)),
                at: Instant(milliseconds: Int64(clamping: recorded.entryMs)))
        } else {
            guard let timer = states[entity]?.timers.first(where: { $0.word == recorded.timer }) else {
                throw Impossible(
                    reason: "expected the timer \(recorded.timer) in the state of \(entity), found none")
            }
            input = .timer(timer)
        }
        do {
            var decision = try decide(
                entity, own: states[entity], parent: entity.parent.flatMap { states[$0] }, input: input,
                now: Instant(milliseconds: recorded.now), policy: policy, signals: SignalReader(recorded.signalsRead))
            if event == nil {
                // A timer has no place of its own; its lane wrote the cursor of the commit there.
                decision.result.entryMs = recorded.entryMs
                decision.result.entrySequence = recorded.entrySequence
                decision.result.index = recorded.index
            }
            return decision
        } catch {
            throw Impossible(reason: error.description)
        }
    }

    /// Takes over the states of a decision.
    mutating func keep(_ decision: Decision, of recorded: DecisionResult) {
        guard decision.changesStates, let entity = try? EntityID(recorded.conversation) else { return }
        states[entity] = decision.own
        if decision.changesParent, let parent = entity.parent, let state = decision.parent { states[parent] = state }
    }
}

extension DecisionResult {
    /// The signals that the decision read, as a snapshot of their own.
    fileprivate var signalsRead: Signals {
        Signals(
            number: 0,
            values: Dictionary(
                signals.map { ($0.name, Signal(value: $0.value, at: $0.at, writer: $0.writer)) },
                uniquingKeysWith: { first, _ in first }))
    }
}
