import ArgumentParser
import Bench
import Channels
import Foundation
import Logging
import Redis
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Checks invariants over live keys.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check every lane's keys and those that all members share, while the house is at work.",
        discussion: """
            Exit code 0 only if every lane was seen standing still and nothing is wrong. With --every it goes on until Ctrl-C and \
            tells what it found as metrics.
            """)

    @OptionGroup var redis: RedisOptions
    @Flag(help: "Print JSON lines.") var json = false
    @Option(help: "Do it again and again, so many seconds after the last one.") var every: Int?
    @Option(help: "With --every: port of /healthz, /readyz and /metrics; 0 picks a free one.") var port = 9_103
    @Option(help: "Address of that port.") var host = "127.0.0.1"

    func validate() throws {
        guard every.map({ (1...86_400).contains($0) }) ?? true else {
            throw ValidationError("expected 1 to 86,400 seconds, got \(every ?? 0)")
        }
    }

    func run() async throws {
        let endpoint = try redis.endpoint(environment: ProcessInfo.processInfo.environment)
        let (namespace, json) = (redis.namespace, json)
        guard let every else {
            guard try Self.audit(endpoint, namespace, json: json) == (0, 0) else { throw ExitCode(1) }
            return
        }
        let metrics = MetricRegistry()
        let log = Logger(label: "nightshift")
        let round = AuditRound(every: .seconds(every), log: log) {
            let (faults, unjudged) = try Self.audit(endpoint, namespace, json: json)
            metrics.set(.auditFaults, to: Double(faults))
            metrics.set(.auditUnjudged, to: Double(unjudged))
            metrics.set(.auditAge, to: Date.now.timeIntervalSince1970.rounded())
        }
        let health = HealthServer(host: host, port: port, metrics: metrics, log: log) { nil }
        try await ServiceGroup(
            services: [health, round], gracefulShutdownSignals: [.sigint, .sigterm], logger: log
        ).run()
    }

    /// Looks at every lane once and prints what is wrong.
    private static func audit(
        _ endpoint: RedisEndpoint, _ namespace: String, json: Bool
    ) throws -> (faults: Int, unjudged: Int) {
        let connection = try RedisConnection(endpoint)
        let lanes = try LaneRecord.lanes(on: connection, namespace: namespace)
        guard !lanes.isEmpty else {
            throw Failure(expected: "lanes", came: "none", at: "namespace \(namespace)")
        }
        let control = try ControlKeyCheck(namespace: namespace, connection: connection)
        for fault in control.faults {
            let line: JSONValue = ["keys": .string("control"), "fault": .string(fault)]
            Output.line(json ? line.text() : "control keys: \(fault)")
        }
        // Where things lie is judged by a topology that is right.
        let whereabouts =
            control.faults.isEmpty ? try LaneWhereabouts(namespace: namespace, connection: connection) : nil
        var (faults, unjudged, states) = (control.faults.count, 0, 0)
        for lane in lanes {
            let audit = try LaneAudit(
                lane: lane, namespace: namespace, connection: connection, whereabouts: whereabouts)
            faults += audit.faults.count
            unjudged += audit.isSettled ? 0 : 1
            states += audit.states
            if json {
                Output.line(Self.json(audit).text())
            } else {
                for fault in audit.faults { Output.line("\(lane): \(fault)") }
                if !audit.isSettled { Output.line("\(lane): changed during every look, not judged") }
            }
        }
        if !json { Output.line("\(lanes.count) lanes, \(states) states, \(faults) faults, \(unjudged) not judged") }
        return (faults, unjudged)
    }

    private static func json(_ audit: LaneAudit) -> JSONValue {
        [
            "lane": .string(audit.lane), "faults": .array(audit.faults.map { .string($0) }),
            "settled": .bool(audit.isSettled), "states": .integer(Int64(audit.states)),
            "open_actions": .integer(Int64(audit.openActions)),
        ]
    }
}

/// An audit after the other, until the process ends; one that fails is told, and the next one comes.
private struct AuditRound: Service {
    let every: Duration
    let log: Logger
    let body: @Sendable () throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await offPool(body) } catch {
                    log.error("The audit failed", metadata: .of((.cause, "\(error)")))
                }
                try? await Task.sleep(for: every)
            }
        }
    }
}
