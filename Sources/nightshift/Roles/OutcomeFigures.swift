import Channels
import Contracts
import Delivery
import Telemetry

extension CourierCounters {
    /// Writes how actions ended, a series for each end and each reason that was met.
    func exportOutcomes(_ metrics: MetricRegistry) {
        for (end, count) in outcomes {
            metrics.set(.outcomes, [("outcome", end.status.word), ("class", end.why.rawValue)], to: Double(count))
        }
    }
}
