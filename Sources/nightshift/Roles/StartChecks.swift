import Lanes
import Logging
import Telemetry

/// What is checked before a role starts: a wrong setting is cheaper found now than by what it loses.
enum StartChecks {
    /// Refuses a Redis that does not keep what the named durability promises; logs what operators should see.
    ///
    /// A Redis that does not answer is waited for: after a power cut processes start in any order.
    ///
    /// - Throws: `Failure` with all that is wrong, each as *expected, got*; the last error once the patience has ended.
    static func durability(_ connector: LaneConnector, log: Logger, patience: Duration = .seconds(30)) async throws {
        let check = try await answer(connector, log, until: .now + patience)
        for warning in check.warnings {
            log.warning("Redis setting", metadata: .of((.reason, warning)))
        }
        guard check.isRefused else { return }
        throw Failure(
            "\(connector.endpoint): not safe enough for durability \(connector.durability):\n"
                + check.refusals.map { "  \($0)" }.joined(separator: "\n"))
    }

    private static func answer(
        _ connector: LaneConnector, _ log: Logger, until end: ContinuousClock.Instant
    ) async throws -> DurabilityCheck {
        while true {
            do {
                return try await offPool { try connector.open(clientName: "start").checkDurability() }
            } catch let error as LaneError {
                guard ContinuousClock.now < end else { throw error }
                log.warning("Waiting for Redis", metadata: .of((.cause, "\(error)")))
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
