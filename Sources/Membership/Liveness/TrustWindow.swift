// The leader's lease as a trust window.
//
// Redis ends a lease by its own clock; the leader must stop before that without asking anybody, by a clock that nobody
// sets. It counts from the instant at which it *sent* the request, since Redis cannot have given the lease earlier, and
// stops a margin before the end: `trusted until = request sent + lease - margin`. The margin covers a monotonic clock
// that runs slower than Redis' (0.5 % would be 15 ms of 3 s) and a write that is under way.
// How it fails: not dangerously. A leader that trusts too long is refused, because every write carries its term.

/// How long a leader may trust the lease that a reply gave it. Monotonic time only.
package struct TrustWindow: Sendable, Hashable {
    package let term: UInt64
    package let end: ContinuousClock.Instant

    package init(term: UInt64, requestSent: ContinuousClock.Instant, lease: Duration, margin: Duration) {
        self.term = term
        end = requestSent + max(.zero, lease - margin)
    }

    package func isOpen(at now: ContinuousClock.Instant) -> Bool { now < end }
}
