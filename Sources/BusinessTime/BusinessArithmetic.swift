package import Instants

/// Arithmetic in business time: only covered time counts.
extension Coverage {
    /// The longest way of one calculation. Targets and leads are hours to weeks; this bounds what bad input can cost.
    private static let longestWay = 4_000 * 86_400

    /// The first instant at or after `instant` by which this much covered time has passed since it.
    ///
    /// For zero or less that is `instant` itself, covered or not. An amount that is used up exactly at a close gives
    /// that close. Nil if the time is not reached within 4,000 days, or nothing opens for 400.
    package func advance(from instant: Instant, by businessTime: Duration) -> Instant? {
        var remaining = businessTime.wholeMilliseconds
        guard remaining > 0 else { return instant }
        let latest = Int(instant.seconds) + Self.longestWay
        var position = instant
        while Int(position.seconds) <= latest, let period = period(endingAfter: Int(position.seconds)) {
            let start = max(position, Instant(seconds: Int64(period.opening)))
            let end = Instant(seconds: Int64(period.closing))
            let available = end.milliseconds.subtractingSaturated(start.milliseconds)
            if remaining <= available { return start + .milliseconds(remaining) }
            guard end > position else { return nil }
            remaining -= available
            position = end
        }
        return nil
    }

    /// The last instant at or before `instant` from which this much covered time passes until it.
    ///
    /// The mirror image of `advance`: for leads measured in business time before a promise is due.
    package func retreat(from instant: Instant, by businessTime: Duration) -> Instant? {
        var remaining = businessTime.wholeMilliseconds
        guard remaining > 0 else { return instant }
        let earliest = Int(instant.seconds) - Self.longestWay
        var position = instant
        while Int(position.seconds) >= earliest, let period = period(startingBefore: position.secondsRoundedUp) {
            let end = min(position, Instant(seconds: Int64(period.closing)))
            let start = Instant(seconds: Int64(period.opening))
            let available = end.milliseconds.subtractingSaturated(start.milliseconds)
            if remaining <= available { return end - .milliseconds(remaining) }
            guard start < position else { return nil }
            remaining -= available
            position = start
        }
        return nil
    }

    /// The covered time from `start` to `end`; zero if `end` is not later. Counts at most the first 4,000 days.
    package func businessTime(from start: Instant, to end: Instant) -> Duration {
        let limit = min(end, Instant(seconds: start.seconds.addingSaturated(Int64(Self.longestWay))))
        var total: Int64 = 0
        var position = start
        while position < limit, let period = period(endingAfter: Int(position.seconds)) {
            let from = max(position, Instant(seconds: Int64(period.opening)))
            let to = min(limit, Instant(seconds: Int64(period.closing)))
            guard from < to else { break }
            total = total.addingSaturated(to.milliseconds.subtractingSaturated(from.milliseconds))
            position = to
        }
        return .milliseconds(total)
    }
}

extension Instant {
    /// Whole seconds since 1970, rounded towards the future.
    var secondsRoundedUp: Int {
        Int(seconds) + (milliseconds % 1_000 == 0 ? 0 : 1)
    }
}
