package import Contracts
package import Conversations
package import Instants

/// The pure step that a runner calls for each event and timer.
///
/// A value and not a fixed call, so that the benchmark can measure everything around it and tests can bring a small one.
package struct Decider: Sendable {
    package typealias Step =
        @Sendable (
            _ id: EntityID, _ own: inout EntityState?, _ parent: inout EntityState?, _ input: Input, _ now: Instant,
            _ policy: Policy, _ signals: SignalReader
        ) throws -> Decision

    package let decide: Step

    package init(_ decide: @escaping Step) {
        self.decide = decide
    }

    /// What production runs.
    package static let conversations = Decider { id, own, parent, input, now, policy, signals in
        try Conversations.decide(
            id, own: &own, parent: &parent, input: input, now: now, policy: policy, signals: signals)
    }

    /// Makes no action, yet counts in the state and says a result: what the log, the commit and the codec cost alone.
    package static let noop = Decider { id, state, _, input, now, _, _ in
        var own = state.take() ?? EntityState()
        own.decisions += 1
        own.lastNow = now.milliseconds
        var result = DecisionResult()
        result.conversation = id.text
        result.now = now.milliseconds
        result.verdict = .decided
        result.rule = "noop"
        switch input {
        case .event(let event, let position, _):
            result.place(position)
            result.event = event.id
            result.kind = event.kindWord
            result.happenedAt = event.happenedAt
            result.receivedAt = event.receivedAt
        case .timer(let timer):
            own.timers.removeAll { $0 == timer }
        }
        return Decision(own: own, parent: nil, result: result, changesStates: true)
    }
}

extension DecisionResult {
    mutating func place(_ position: Position) {
        entryMs = position.entry.milliseconds
        entrySequence = UInt32(clamping: position.entry.sequence)
        index = UInt32(clamping: position.index)
    }
}
