package import Contracts

/// The classes of the mix, each with the rules by which a result is known as one of it.
///
/// Counted from results alone: what was put in is not asked. What is nobody's input (outcomes, tells, timers) and the
/// answers that people give between two nights belong to no class and count as no decision.
package enum LoadClass: String, Sendable, CaseIterable, Codable {
    /// A further message in a closed period: noted, no text.
    case further
    /// The first message of a conversation in a closed period: text, promise, timers.
    case first
    /// A question that is answered by its phrases.
    case faq
    case comment
    /// Agents' replies, edits, duplicates.
    case other

    /// Percent of the mix.
    package var share: Double {
        switch self {
        case .further: 60
        case .first: 15
        case .faq, .comment: 10
        case .other: 5
        }
    }

    /// The class of a result; nil for one that is no customer's or agent's event, or of a rule that the mix has not.
    package init?(_ result: DecisionResult) {
        if result.verdict == .duplicate, result.kind == "message" {
            self = .other
            return
        }
        guard result.verdict == .decided else { return nil }
        switch result.kind {
        case "comment": self = .comment
        case "agent_reply", "edit": self = .other
        case "message" where result.rule.hasPrefix("faq."): self = .faq
        case "message" where result.rule.hasPrefix("after_hours."): self = .first
        case "message" where result.rule.hasPrefix("suppressed.") || result.rule == "noop": self = .further
        default: return nil
        }
    }
}

/// What one run came to, counted afterwards from the result streams.
package struct LoadTally: Sendable {
    package private(set) var classes: [LoadClass: Int] = [:]
    /// Results of inputs that belong to no class of the mix, by kind and rule.
    package private(set) var strays: [String: Int] = [:]
    package private(set) var outcomes = 0
    package private(set) var timers = 0
    package private(set) var dead = 0
    /// Inputs that are no customers' events: people's answers between the nights, what desks hear.
    package private(set) var beside = 0
    /// Actions that the results name.
    package private(set) var actions = 0

    package init() {}

    /// Customers' and agents' events that were decided.
    package var decisions: Int { classes.values.reduce(0, +) + strays.values.reduce(0, +) }

    package func percent(_ class: LoadClass) -> Double {
        decisions == 0 ? 0 : 100 * Double(classes[`class`] ?? 0) / Double(decisions)
    }

    /// Adds results; of inputs those that happened before `start` are left out, for they warmed up.
    package mutating func add(_ results: [DecisionResult], since start: Int64) {
        for result in results {
            if result.verdict == .dead { dead += 1 }
            if !result.timer.isEmpty {
                if result.now >= start { timers += 1 }
                continue
            }
            guard result.happenedAt >= start else { continue }
            actions += result.actions.count / 2
            switch result.kind {
            case "outcome": outcomes += 1
            case "told", "echo": beside += 1
            default:
                if let known = LoadClass(result) {
                    classes[known, default: 0] += 1
                } else {
                    strays["\(result.kind) \(result.rule)", default: 0] += 1
                }
            }
        }
    }

    /// Classes whose share is off by more than `points`, in words.
    package func deviations(most points: Double) -> [String] {
        LoadClass.allCases.compactMap { one in
            let share = percent(one)
            guard abs(share - one.share) > points else { return nil }
            return "\(one.rawValue): expected \(one.share) % of the decisions, got \((share * 10).rounded() / 10) %"
        }
    }
}
