import Coordination
import Lanes
import Logging
import Membership
import ServiceLifecycle
import Telemetry

/// One coordinator process: tries to lead, and while it leads places lanes.
final class CoordinatorRole: Service {
    private let coordinator: Coordinator
    private let metrics: MetricRegistry

    init(name: String, connector: LaneConnector, metrics: MetricRegistry, log: Logger) throws {
        self.metrics = metrics
        coordinator = Coordinator(
            id: try MemberID(name: name, incarnation: UInt64.random(in: 1...UInt64(Int64.max))), connector: connector,
            log: log.with(.member, name))
    }

    /// Nil while Redis answers it, leading or not, else the reason in words.
    var unreadyReason: String? {
        coordinator.standing.control == nil ? coordinator.standing.fault ?? "not started" : nil
    }

    var isLeading: Bool { coordinator.standing.isLeading(at: .now) }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            metrics.set(.leading, to: isLeading ? 1 : 0)
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        await offPool { [coordinator] in coordinator.resign() }
    }
}
