import ArgumentParser
import Bench
import Channels
import Foundation
import Redis

/// Checks invariants over live keys.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Check the invariants of every lane's keys, while the house is at work.",
        discussion: "Exit code 0 only if every lane was seen standing still and nothing is wrong.")

    @OptionGroup var redis: RedisOptions
    @Flag(help: "Print JSON lines.") var json = false

    func run() async throws {
        let connection = try RedisConnection(try redis.endpoint(environment: ProcessInfo.processInfo.environment))
        let lanes = try LaneRecord.lanes(on: connection, namespace: redis.namespace)
        guard !lanes.isEmpty else {
            throw Failure(expected: "lanes", came: "none", at: "namespace \(redis.namespace)")
        }
        let whereabouts = try LaneWhereabouts(namespace: redis.namespace, connection: connection)
        var faults = 0
        var restless = 0
        var states = 0
        for lane in lanes {
            let audit = try LaneAudit(
                lane: lane, namespace: redis.namespace, connection: connection, whereabouts: whereabouts)
            faults += audit.faults.count
            restless += audit.isSettled ? 0 : 1
            states += audit.states
            if json {
                Output.line(Self.json(audit).text())
            } else {
                for fault in audit.faults { Output.line("\(lane): \(fault)") }
                if !audit.isSettled { Output.line("\(lane): changed during every look, not judged") }
            }
        }
        if !json { Output.line("\(lanes.count) lanes, \(states) states, \(faults) faults, \(restless) not judged") }
        if faults + restless > 0 { throw ExitCode(1) }
    }

    private static func json(_ audit: LaneAudit) -> JSONValue {
        [
            "lane": .string(audit.lane), "faults": .array(audit.faults.map { .string($0) }),
            "settled": .bool(audit.isSettled), "states": .integer(Int64(audit.states)),
            "open_actions": .integer(Int64(audit.openActions)),
        ]
    }
}
