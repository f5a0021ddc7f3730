/// How long to wait before the next try, growing and jittered.
///
/// `wait(n) = d/2 + random(0 ..< d/2)` with `d = min(longest, first * 2^(n - 1))`. With the courier's defaults d is
/// 0.5 s, 1 s, 2 s, 4 s, … and reaches the longest (300 s) at n = 11. Half is fixed so that a retry is never at once,
/// half is random so that what failed together does not come back together.
package struct BackOff: Sendable, Equatable {
    package let first: Duration
    package let longest: Duration

    /// - Parameters:
    ///   - first: the scale of the first wait, over zero.
    ///   - longest: the scale of the last, at least `first`.
    package init(first: Duration, longest: Duration) {
        self.first = max(first, .milliseconds(1))
        self.longest = max(first, longest)
    }

    /// Of an action that certainly was not delivered.
    package static let action = BackOff(first: .milliseconds(500), longest: .seconds(300))

    /// Of one read of a fetch, which has half a minute for all of them.
    package static let read = BackOff(first: .seconds(1), longest: .seconds(8))

    /// Of a lost connection to Redis.
    package static let connection = BackOff(first: .milliseconds(20), longest: .seconds(2))

    /// The wait before try `n + 1`, after `n` tries that failed; `n` under 1 counts as 1.
    package func wait(after n: UInt32, using generator: inout some RandomNumberGenerator) -> Duration {
        let scale = self.scale(n)
        let half = scale / 2
        let milliseconds = max(1, half.components.seconds * 1_000 + half.components.attoseconds / 1_000_000_000_000_000)
        return half + .milliseconds(Int64.random(in: 0..<milliseconds, using: &generator))
    }

    private func scale(_ n: UInt32) -> Duration {
        var scale = first
        for _ in 1..<max(2, min(n, 64)) {
            if n <= 1 || scale >= longest { break }
            scale = scale * 2
        }
        return min(scale, longest)
    }
}
