import Contracts
import Testing

@testable import Workers

@Suite("The latency histogram")
struct LatencyHistogramTests {
    @Test("gives quantiles to within a sixteenth", arguments: [1, 15, 16, 17, 1_000, 123_456, 40_000_000] as [Int64])
    func precision(microseconds: Int64) throws {
        var histogram = LatencyHistogram()
        for _ in 0..<10 { histogram.add(microseconds: microseconds) }
        histogram.add(.seconds(3_600))
        let median = try #require(histogram.quantile(0.5))
        #expect(median >= .microseconds(microseconds))
        #expect(median <= .microseconds(microseconds + microseconds / 16 + 1))
    }

    @Test("orders its buckets: a larger value never has a smaller quantile")
    func monotone() throws {
        var last = Duration.zero
        for value in stride(from: Int64(0), to: 5_000, by: 7) {
            var histogram = LatencyHistogram()
            histogram.add(microseconds: value)
            histogram.add(.seconds(1))
            let median = try #require(histogram.quantile(0.5))
            #expect(median >= last)
            last = median
        }
    }

    @Test("merged ones say what one would have said")
    func merging() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in 0..<500 {
            if value % 2 == 0 { left.add(microseconds: Int64(value)) } else { right.add(microseconds: Int64(value)) }
            both.add(microseconds: Int64(value))
        }
        left.merge(right)
        #expect(left == both)
    }

    @Test("takes negative and endless latencies without a trap")
    func extremes() {
        var histogram = LatencyHistogram()
        histogram.add(.seconds(-5))
        histogram.add(microseconds: .max)
        #expect(histogram.count == 2)
        #expect(histogram.quantile(0) == .zero)
    }
}

@Suite("The spread of lanes")
struct LaneSpreadTests {
    let partition = PartitionName.sample

    @Test("is the same after a restart, and even", arguments: [1, 2, 3, 7])
    func even(runners: Int) {
        var first = LaneSpread(runners: runners)
        var second = LaneSpread(runners: runners)
        let places = (0..<100).map { first.place(partition.lane($0)) }
        #expect(places == (0..<100).map { second.place(partition.lane($0)) })
        let loads = (0..<runners).map { runner in places.filter { $0 == runner }.count }
        #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 2)
    }

    @Test("keeps a lane where it is, and gives a new one to the least loaded when its place is full")
    func moves() {
        var spread = LaneSpread(runners: 2, slack: 0)
        let first = spread.place(partition.lane(0))
        let places = [0, 1].map { spread.place(partition.lane($0)) }
        #expect(places == [first, 1 - first])
        let removed = [0, 9].map { spread.remove(partition.lane($0)) }
        #expect(removed == [first, nil])
        let next = spread.place(partition.lane(2))
        #expect(next == first)
    }
}

@Suite("The progress watch")
struct ProgressWatchTests {
    private let start = ContinuousClock.now

    @Test("asks once for a new connection, then calls the runner unready")
    func stuck() {
        var watch = ProgressWatch(patience: .seconds(5), now: start)
        var advices: [ProgressWatch.Advice] = []
        for second in 0...12 {
            let now = start + .seconds(second)
            advices.append(watch.turned(hasWork: true, hasProgressed: false, now: now))
            #expect(watch.isReady(now: now) == (second < 10))
        }
        #expect(advices.filter { $0 == .reconnect }.count == 1)
        #expect(advices[5] == .reconnect)
        _ = watch.turned(hasWork: true, hasProgressed: true, now: start + .seconds(13))
        #expect(watch.isReady(now: start + .seconds(13)))
    }

    @Test("lets a runner without work be, but not one whose thread hangs")
    func idle() {
        var watch = ProgressWatch(patience: .seconds(5), now: start)
        let advice = watch.turned(hasWork: false, hasProgressed: false, now: start)
        #expect(advice == .goOn)
        #expect(watch.isReady(now: start + .seconds(15)))
        #expect(!watch.isReady(now: start + .seconds(16)))
    }
}

extension PartitionName {
    static var sample: PartitionName {
        do {
            return try PartitionName("de-berlin")
        } catch {
            preconditionFailure("the tests' own partition: \(error)")
        }
    }
}
