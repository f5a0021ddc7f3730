package import BusinessTime

/// A team and whom its desk calls, in which order.
package struct TeamPolicy: Sendable {
    package let name: String
    /// When somebody of the team is there.
    package let coverage: Coverage
    /// Who is called while nobody of the team is there.
    package let onCall: String
    /// At least one step, each later than the one before it.
    package let ladder: [LadderStep]
    /// How often the ladder is climbed before the desk stops calling; at least 1.
    package let rounds: Int
    /// Nil: each matter calls by itself.
    package let digest: DigestPolicy?

    package init(
        name: String, coverage: Coverage, onCall: String, ladder: [LadderStep] = [], rounds: Int = 1,
        digest: DigestPolicy? = nil
    ) {
        self.name = name
        self.coverage = coverage
        self.onCall = onCall
        self.ladder = ladder.isEmpty ? [LadderStep(after: .zero, target: .team)] : ladder
        self.rounds = max(1, rounds)
        self.digest = digest
    }
}

/// How a desk gathers its calls, so that ten thousand late conversations call a person once.
package struct DigestPolicy: Sendable, Hashable {
    /// The first call waits so long for others.
    package let collect: Duration
    /// So long after one call the next one may follow.
    package let every: Duration

    package init(collect: Duration = .seconds(60), every: Duration = .seconds(1_800)) {
        self.collect = collect
        self.every = every
    }
}

/// One rung: who is called when nobody has acknowledged for so long.
package struct LadderStep: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        /// The team; while nobody of it is there, who is on call.
        case team
        case onCall
        /// A name that the notifier knows.
        case named(String)
    }

    /// After the matter was opened, or after the last round ended.
    package let after: Duration
    package let target: Target

    package init(after: Duration, target: Target) {
        self.after = after
        self.target = target
    }
}
