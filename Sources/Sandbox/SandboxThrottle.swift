internal import Contracts
internal import Instants
private import Synchronization

/// When the double throttles which account: windows that return, each account's at another time, so that a drill always
/// has some that are throttled and some that are not.
package struct ThrottlePlan: Sendable, Equatable {
    package let every: Duration
    package let last: Duration

    package init(every: Duration, last: Duration) {
        self.every = every
        self.last = min(last, every)
    }
}

/// Says what is throttled now, and since when its callers know.
final class SandboxThrottle: Sendable {
    struct Standing: Sendable {
        let left: Duration
        /// Names the window.
        let window: Int64
        /// Since the first call that this window refused; zero for that call itself.
        let known: Duration
    }

    private let plan: ThrottlePlan?
    private let start: ContinuousClock.Instant
    private let told = Mutex<[String: (window: Int64, at: ContinuousClock.Instant)]>([:])

    init(_ plan: ThrottlePlan?, start: ContinuousClock.Instant = .now) {
        self.plan = plan
        self.start = start
    }

    /// Nil while the account's calls are taken.
    func standing(of account: String, now: ContinuousClock.Instant = .now) -> Standing? {
        guard let plan, !account.isEmpty, plan.every > .zero else { return nil }
        let every = plan.every.wholeMilliseconds
        let phase = Int64(StableHash.hash(account) % UInt64(every))
        let at = (now - start).wholeMilliseconds + phase
        // Nobody is throttled in the first window: there is nothing to interrupt yet.
        guard at >= every, at % every < plan.last.wholeMilliseconds else { return nil }
        let window = at / every
        let known = told.withLock { told -> Duration in
            if let before = told[account], before.window == window { return now - before.at }
            told[account] = (window, now)
            return .zero
        }
        return Standing(left: .milliseconds(plan.last.wholeMilliseconds - at % every), window: window, known: known)
    }
}
