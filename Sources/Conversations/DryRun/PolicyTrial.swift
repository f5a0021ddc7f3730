package import Contracts

/// What another policy would have made of decisions that stand recorded.
///
/// Choice: every decision is made again twice from the states that the lane had then, under the policy that decided it and
/// under the draft; the states go on by the first. So each difference is the draft's own and not that of an earlier one.
/// Rejected: playing the whole log under the draft, in which one changed reply would change everything behind it. How it
/// fails: where the log does not reach back far enough the first decision does not come out as recorded, and then nothing is
/// said of it.
package struct PolicyTrial {
    /// What the draft does to one recorded decision.
    package enum Verdict: Sendable, Equatable {
        case same
        case changes(was: Said, would: Said)
        /// It cannot be told: why.
        case unknown(String)
    }

    /// What of a decision people see.
    package struct Said: Sendable, Equatable {
        package let result: DecisionResult
        /// What would be carried out, in its order: kind and text.
        package let actions: [String]

        init(_ decision: Decision) {
            result = decision.result
            actions = decision.actions.map { action in
                action.text.isEmpty ? "\(action.kind)" : "\(action.kind): \(action.text)"
            }
        }
    }

    private var replay = Replay()
    private let draft: Policy

    package init(draft: Policy) {
        self.draft = draft
    }

    /// Takes a lane's next result, in their order.
    ///
    /// - Parameters:
    ///   - event: the event at the result's position; nil for a timer.
    ///   - policy: the policy that decided it.
    ///   - isCompared: false for a decision that only leads to the later ones' states.
    package mutating func step(
        _ recorded: DecisionResult, event: Event?, policy: Policy, isCompared: Bool = true
    ) -> Verdict {
        guard recorded.verdict != .dead else { return .same }
        guard !replay.isErased(recorded) else { return .unknown("its person was forgotten") }
        do throws(Replay.Impossible) {
            let was = try replay.decided(recorded, event: event, policy: policy)
            defer { replay.keep(was, of: recorded) }
            guard isCompared else { return .same }
            guard was.result == recorded else { return .unknown("the log does not reach back to where it began") }
            let would = try replay.decided(recorded, event: event, policy: draft)
            let (one, other) = (Said(was), Said(would))
            return one.isSame(as: other) ? .same : .changes(was: one, would: other)
        } catch {
            return .unknown(error.reason)
        }
    }
}

extension PolicyTrial.Said {
    /// Signals that only one of two policies reads change nothing by themselves.
    fileprivate func isSame(as other: PolicyTrial.Said) -> Bool {
        var (one, two) = (result, other.result)
        one.signals = []
        two.signals = []
        return one == two && actions == other.actions
    }
}
