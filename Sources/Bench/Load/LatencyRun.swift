import Contracts
import Foundation
package import Lanes
import Synchronization
package import Workers

/// One rate's figures.
package struct LatencyFigures: Sendable {
    package let rate: Int
    package let events: Int
    package let latencies: LatencyHistogram
    /// Share of a core.
    package let redis: Double
    package let worker: Double
}

/// From accepted to committed, event by event, at a given rate over 1,000 lanes.
///
/// Events come one by one at random instants (a Poisson process), each as an append of its own, in the mix of the throughput
/// run. The clock of each starts before its append is called and ends when the runner knows the commit's reply. Events of
/// the first two seconds are not counted.
package struct LatencyRun {
    private let rate: Int
    private let seconds: Double
    private let house: LoadHouse
    private let appender: LaneAppender
    private let crowd: LoadCrowd
    private let watch: LatencyWatch

    private static let warmUp = Duration.seconds(2)

    package init(rate: Int, seconds: Double, shop: LoadShop, connector: LaneConnector) throws {
        self.rate = max(1, rate)
        self.seconds = seconds
        let watch = LatencyWatch()
        self.watch = watch
        house = try LoadHouse(shop: shop, connector: connector) { _, events in watch.committed(events) }
        appender = LaneAppender(connector: connector)
        crowd = try LoadCrowd(shop, conversations: 20_000, exponent: 1)
    }

    package func play() async throws -> LatencyFigures {
        defer {
            appender.stop()
            house.stop()
        }
        var writer = LoadWriter(crowd.contacts, name: "p", seed: 7)
        writer.beginNight()
        let warm = try await write(&writer, for: Self.warmUp)
        try house.waitForQuiet(appended: warm)
        watch.reset()
        let before = try ProcessorTime(of: house.connection)
        let start = ContinuousClock.now
        let written = try await write(&writer, for: .seconds(seconds))
        try house.waitForQuiet(appended: warm + written)
        let passed = ContinuousClock.now - start
        let spent = try ProcessorTime(of: house.connection).since(before)
        return LatencyFigures(
            rate: rate, events: written, latencies: watch.latencies, redis: spent.redis / passed,
            worker: spent.of("runner-", "courier", "tells") / passed)
    }

    /// Appends for so long; returns how many events.
    private func write(_ writer: inout LoadWriter, for duration: Duration) async throws -> Int {
        var generator = SeededGenerator(seed: 11)
        var due = ContinuousClock.now
        let end = due + duration
        var count = 0
        try await withThrowingDiscardingTaskGroup { group in
            while due < end {
                due += .seconds(-log(1 - generator.fraction()) / Double(rate))
                if due > .now { try await Task.sleep(until: due, tolerance: .zero, clock: .continuous) }
                guard let event = try writer.next(at: house.clock.now) else { continue }
                count += 1
                watch.began(event.id)
                group.addTask { [appender] in
                    for case .refused(let refusal) in await appender.append([event]) {
                        throw LoadError("expected every event to be held, got \(refusal)")
                    }
                }
            }
        }
        return count
    }
}

/// When each event began, by its number, and how long each took.
final class LatencyWatch: Sendable {
    private struct State {
        var began: [Int: ContinuousClock.Instant] = [:]
        var latencies = LatencyHistogram()
    }

    private let state = Mutex(State())

    var latencies: LatencyHistogram { state.withLock { $0.latencies } }

    func reset() { state.withLock { $0.latencies = LatencyHistogram() } }

    /// A repeated event counts from its first offer, which is over: it is not counted again.
    func began(_ id: String) {
        guard let number = LoadWriter.number(ofID: id) else { return }
        let now = ContinuousClock.now
        state.withLock { $0.began[number] = now }
    }

    func committed(_ events: [CommittedEvent]) {
        let now = ContinuousClock.now
        let numbers = events.compactMap { LoadWriter.number(ofID: $0.id) }
        state.withLock { state in
            for number in numbers {
                guard let began = state.began.removeValue(forKey: number) else { continue }
                state.latencies.add(now - began)
            }
        }
    }
}
