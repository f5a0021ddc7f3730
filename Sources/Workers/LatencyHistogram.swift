/// Counts of latencies in log-linear buckets: 16 per doubling, so a quantile is right to 6 %.
///
/// Microseconds from 1 to about 4.8 hours; what is longer counts in the last bucket. Adding is a few instructions and
/// never allocates, so a runner may add each event.
package struct LatencyHistogram: Sendable, Equatable {
    private static let steps = 16
    private static let doublings = 31
    private var buckets = [UInt64](repeating: 0, count: steps * doublings)
    package private(set) var count: UInt64 = 0
    package private(set) var longest: Duration = .zero

    package init() {}

    package mutating func add(_ latency: Duration) {
        let (seconds, attoseconds) = latency.components
        add(microseconds: max(0, seconds) * 1_000_000 + max(0, attoseconds) / 1_000_000_000_000)
    }

    package mutating func add(microseconds: Int64, times: UInt64 = 1) {
        let value = UInt64(max(0, min(microseconds, Int64(Int32.max) * 8)))
        buckets[Self.bucket(value)] += times
        count += times
        longest = max(longest, .microseconds(Int64(value)))
    }

    package mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] += other.buckets[index] }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// What came in addition since an earlier state of the same histogram: upper bounds of buckets, with counts.
    package func added(since earlier: LatencyHistogram) -> [(upTo: Duration, count: UInt64)] {
        zip(buckets, earlier.buckets).enumerated().compactMap { index, counts in
            counts.0 > counts.1 ? (.microseconds(Self.upperBound(index)), counts.0 - counts.1) : nil
        }
    }

    /// The upper bound of the bucket in which the quantile lies; nil while empty.
    ///
    /// - Parameter fraction: 0.5 for the median, 0.99 for p99.
    package func quantile(_ fraction: Double) -> Duration? {
        guard count > 0 else { return nil }
        let wanted = UInt64((Double(count) * min(max(fraction, 0), 1)).rounded(.up))
        var seen: UInt64 = 0
        for (index, amount) in buckets.enumerated() {
            seen += amount
            if seen >= max(1, wanted) { return min(.microseconds(Self.upperBound(index)), longest) }
        }
        return longest
    }

    /// Values under 16 have a bucket each; above, the four bits after the leading one choose among 16.
    private static func bucket(_ value: UInt64) -> Int {
        guard value >= 16 else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let step = Int((value >> UInt64(exponent - 4)) & 15)
        return min((exponent - 3) * steps + step, steps * doublings - 1)
    }

    private static func upperBound(_ index: Int) -> Int64 {
        guard index >= steps else { return Int64(index) }
        let exponent = index / steps + 3
        return (Int64(16 + index % steps + 1) << Int64(exponent - 4)) - 1
    }
}
