package import Contracts
package import Instants

/// What a runner has counted since it started. A snapshot; never goes back.
package struct RunnerCounters: Sendable, Equatable {
    package var decided: UInt64 = 0
    package var firedTimers: UInt64 = 0
    package var committedBatches: UInt64 = 0
    /// Commits that were refused: fenced, wrong sequence, dead letters full.
    package var refusedCommits: UInt64 = 0
    package var deadLetters: UInt64 = 0
    package var actions: UInt64 = 0
    package var reconnects: UInt64 = 0
    /// Entries of logs, results and dead letters that were no longer to be kept.
    package var trimmedEntries: UInt64 = 0
    /// Comments by account that only a sweep brought.
    package var missed: [String: UInt64] = [:]
    /// When the platform's own automation last answered beside us, by account, on the lane clock.
    package var platformReplies: [String: Instant] = [:]
    package var lanes = 0
    /// Of these, lanes whose server is away.
    package var waiting = 0
    /// Lanes whose keys are not what they must be, and what Redis said: they wait until somebody has mended them.
    package var damaged: [LaneName: String] = [:]
    /// Lanes whose timers are held back, since a clock cannot be right.
    package var holding = 0
    /// From an entry's instant to the instant of its commit, both on the lane clock.
    package var acceptedToCommitted = LatencyHistogram()

    package init() {}

    package mutating func add(_ other: RunnerCounters) {
        decided += other.decided
        firedTimers += other.firedTimers
        committedBatches += other.committedBatches
        refusedCommits += other.refusedCommits
        deadLetters += other.deadLetters
        actions += other.actions
        reconnects += other.reconnects
        trimmedEntries += other.trimmedEntries
        missed.merge(other.missed, uniquingKeysWith: +)
        platformReplies.merge(other.platformReplies, uniquingKeysWith: max)
        lanes += other.lanes
        waiting += other.waiting
        damaged.merge(other.damaged) { first, _ in first }
        holding += other.holding
        acceptedToCommitted.merge(other.acceptedToCommitted)
    }
}

/// Whether a runner does what it is there for: with work in hand it must make progress.
///
/// Problem: a connection may hang half-open, a server may answer errors for ever; the runner's loop still turns. Choice:
/// work without progress for `patience` asks for one new connection; without progress for another `patience` the
/// runner counts as unready until something is committed. A thread that hangs altogether is told by `isReady(now:)`,
/// which others ask and which looks at when the loop last turned.
struct ProgressWatch: Sendable, Equatable {
    enum Advice: Sendable, Equatable {
        case goOn
        case reconnect
    }

    let patience: Duration
    private(set) var lastTurn: ContinuousClock.Instant
    private var stuckSince: ContinuousClock.Instant?
    private var hasReconnected = false

    init(patience: Duration, now: ContinuousClock.Instant) {
        self.patience = patience
        lastTurn = now
    }

    /// One turn of the loop has ended.
    mutating func turned(hasWork: Bool, hasProgressed: Bool, now: ContinuousClock.Instant) -> Advice {
        lastTurn = now
        guard hasWork, !hasProgressed else {
            stuckSince = nil
            hasReconnected = false
            return .goOn
        }
        let since = stuckSince ?? now
        stuckSince = since
        guard !hasReconnected, now - since >= patience else { return .goOn }
        hasReconnected = true
        return .reconnect
    }

    /// Whether the runner may be counted on.
    func isReady(now: ContinuousClock.Instant) -> Bool {
        if now - lastTurn > patience * 3 { return false }
        guard let stuckSince else { return true }
        return now - stuckSince < patience * 2
    }
}
