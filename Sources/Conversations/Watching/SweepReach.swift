package import Contracts
package import Instants

/// How far back the sweeps of an account leave nothing out, as the account's own entity keeps it.
package struct SweepReach: Sendable, Equatable {
    /// What was written before this instant was looked for, or is nobody's gap. Somebody's `accounts sweep` takes it a day back until
    /// that sweep has ended. On the lane clock.
    package let until: Instant

    /// Nil for an account of which no sweep has ended and nobody knows since when it is watched.
    ///
    /// - Parameter includesMessages: whether its sweeps ask for direct messages too: the kind that is further behind counts. One of
    ///   which nothing is known, because none of its sweeps has ended yet, says nothing.
    package init?(_ watch: AccountWatch, includesMessages: Bool) {
        let marks = includesMessages ? [watch.comments, watch.messages] : [watch.comments]
        // What was written before the account was first watched no sweep looks for.
        let reaches = marks.map { max($0.sweptUntil, watch.beganAt) }
        guard let least = reaches.filter({ $0 > 0 }).min() else { return nil }
        until = Instant(milliseconds: least)
    }

    /// From when on a sweep asked for now looks that knows of none before: no sweep looks further back.
    package static func farthest(at now: Instant) -> Instant {
        max(.epoch, now - WatchTurn.settled - WatchTurn.farthest)
    }

    /// How much later it is than a sweep in time would have left it: what is younger than a minute is never looked for.
    ///
    /// - Parameter every: the time from one sweep to the next.
    package func behind(at now: Instant, every: Duration) -> Duration {
        max(.zero, now - until - every - WatchTurn.settled)
    }
}
