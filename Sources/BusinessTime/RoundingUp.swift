package import Instants

/// How finely a stated time is rounded, in minutes.
package enum ClockMark: Int, Sendable, Hashable, CaseIterable {
    case quarterHour = 15
    case halfHour = 30
    case hour = 60
}

extension Instant {
    /// The first instant not before this one at which the zone's clocks stand on a mark: a full quarter, half or hour.
    ///
    /// Marks are those of the local clock, so an hour in Kathmandu (+05:45) begins at a quarter past in UTC. If the
    /// clocks jump over a mark, the next one that they show counts. An instant on a mark stays.
    package func roundedUp(in zone: ZoneRules, to mark: ClockMark) -> Instant {
        let step = mark.rawValue * 60
        var seconds = secondsRoundedUp
        // Twice at most for real zones; a forged one that never shows a mark may not hold the loop.
        for _ in 0..<100 {
            let stretch = zone.stretch(at: seconds)
            let local = seconds + stretch.offset
            let marked = -(-local).dividedDown(by: step) * step
            let candidate = marked - stretch.offset
            if candidate < stretch.end { return Swift.max(self, Instant(seconds: Int64(candidate))) }
            seconds = stretch.end
        }
        return Swift.max(self, Instant(seconds: Int64(seconds)))
    }
}
