private import Synchronization

/// The metrics of one process, kept in memory and rendered as Prometheus text.
///
/// Counters and gauges are doubles, histograms have fixed buckets. The number of series is bounded: past
/// `mostSeries` a new label set is folded into one series with the label value `other`, so that a mistake in a label
/// cannot eat the memory. Thread-safe; each operation takes one short lock.
package final class MetricRegistry: Sendable {
    /// Label pairs in the order they are written.
    package typealias Labels = [(name: String, value: String)]

    static let mostSeries = 4_096
    /// Upper bounds in seconds, for latencies from half a millisecond to a minute.
    static let buckets: [Double] = [
        0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60,
    ]

    struct Series: Hashable {
        let name: MetricName
        let labels: String
    }

    struct Histogram {
        var counts = [UInt64](repeating: 0, count: MetricRegistry.buckets.count + 1)
        var sum = 0.0
    }

    struct Values {
        var numbers: [Series: Double] = [:]
        var histograms: [Series: Histogram] = [:]
    }

    private let values = Mutex(Values())

    package init() {}

    package func add(_ name: MetricName, _ labels: Labels = [], by amount: Double = 1) {
        values.withLock { values in
            values.numbers[series(name, labels, count: values.numbers.count, known: values.numbers), default: 0] +=
                amount
        }
    }

    package func set(_ name: MetricName, _ labels: Labels = [], to value: Double) {
        values.withLock { values in
            values.numbers[series(name, labels, count: values.numbers.count, known: values.numbers)] = value
        }
    }

    /// Sets a gauge for these labels, and drops it for all others: for what is told of a few that change.
    package func replace(_ name: MetricName, with series: [(labels: Labels, value: Double)]) {
        values.withLock { values in
            values.numbers = values.numbers.filter { $0.key.name != name }
            for (labels, value) in series {
                values.numbers[self.series(name, labels, count: values.numbers.count, known: values.numbers)] = value
            }
        }
    }

    /// Adds `count` observations of the same number of seconds to a histogram.
    package func observe(_ name: MetricName, _ labels: Labels = [], seconds: Double, count: UInt64 = 1) {
        values.withLock { values in
            let series = series(name, labels, count: values.histograms.count, known: values.histograms)
            var histogram = values.histograms[series] ?? Histogram()
            let bucket = Self.buckets.firstIndex { seconds <= $0 } ?? Self.buckets.count
            histogram.counts[bucket] &+= count
            histogram.sum += seconds * Double(count)
            values.histograms[series] = histogram
        }
    }

    /// Text in the Prometheus exposition format 0.0.4, of everything written so far, series sorted by name and labels.
    package func text() -> String {
        PrometheusText.render(values.withLock { $0 })
    }

    private func series<Value>(
        _ name: MetricName, _ labels: Labels, count: Int, known: [Series: Value]
    ) -> Series {
        let wanted = Series(name: name, labels: PrometheusText.labels(labels))
        guard count >= Self.mostSeries, known[wanted] == nil else { return wanted }
        return Series(name: name, labels: PrometheusText.labels(labels.map { ($0.name, "other") }))
    }
}
