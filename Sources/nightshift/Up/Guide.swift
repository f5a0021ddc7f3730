import Bench
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import Redis
import Sandbox
import ServiceLifecycle
import Synchronization

/// What `up` tells its user: plays the sample day, prints the table, says what to try.
final class Guide: Service {
    private let house: House
    private let failed = Mutex<Failure?>(nil)

    init(house: House) {
        self.house = house
    }

    /// Why the sample day did not come out clean, if it did not.
    var failure: Failure? { failed.withLock { $0 } }

    func run() async throws {
        do {
            if let start = house.start {
                let report = try await playSampleDay(from: start)
                Output.line(report.text)
                if !report.reckoning.isClean {
                    failed.withLock {
                        $0 = Failure(
                            "the sample day broke a guarantee:\n" + report.reckoning.examples.joined(separator: "\n"))
                    }
                }
            }
        } catch {
            failed.withLock { $0 = error as? Failure ?? Failure("\(error)") }
            return
        }
        if house.up.exit { return }
        Output.note(
            """

            Nightshift is up. Ctrl-C ends it.
              write as a customer       http://127.0.0.1:\(house.pagePort)/
              follow what is decided    nightshift results --follow --redis \(house.connector.endpoint) --namespace \(house.up.namespace)
              look at the lanes         nightshift lanes --redis \(house.connector.endpoint) --namespace \(house.up.namespace)
              metrics                   http://127.0.0.1:\(house.ingressPort)/metrics
            """)
        await waitForShutdown()
    }

    private func waitForShutdown() async {
        try? await cancelWhenGracefulShutdown {
            while true { try await Task.sleep(for: .seconds(3_600)) }
        }
    }

    private func playSampleDay(from start: Instant) async throws -> SampleReport {
        let world = try SampleWorld(house)
        try await world.waitUntilOwned()
        let began = ContinuousClock.now
        var day = SampleDay(seed: house.up.seed, markets: SampleWorld.markets(of: house.policy))
        let record = try await day.play(from: start, in: world.world())
        return try await world.report(record, took: .now - began)
    }
}
