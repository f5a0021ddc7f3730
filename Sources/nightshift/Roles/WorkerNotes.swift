import Instants
import Lanes
import Logging
import Redis
import Telemetry

/// What a worker sees of accounts and writes down for people; lost with a worker that dies before it did.
extension WorkerRole {
    /// Writes down what only sweeps brought, for people.
    func tellMissed(_ now: [String: UInt64], since before: [String: UInt64], _ redis: RedisThread) async {
        let added = now.map { ($0.key, $0.value - min($0.value, before[$0.key] ?? 0)) }.filter { $0.1 > 0 }
        guard !added.isEmpty else { return }
        let keyspace = connector.keyspace
        metrics.add(.eventsMissed, by: Double(added.reduce(0) { $0 + $1.1 }))
        let missed = Dictionary(uniqueKeysWithValues: added)
        do {
            try await redis.run { try LaneStore(connection: $0, keyspace: keyspace).addMissed(missed) }
        } catch {
            log.info("What sweeps found could not be counted", metadata: .of((.cause, "\(error)")))
        }
    }

    /// Writes down that the platform's own automation answers beside us, for `accounts check`.
    func tellPlatformReplies(
        _ now: [String: Instant], since before: [String: Instant], _ redis: RedisThread
    ) async {
        let newer = now.filter { $0.value > before[$0.key] ?? .distantPast }
        guard !newer.isEmpty else { return }
        let keyspace = connector.keyspace
        do {
            try await redis.run { try LaneStore(connection: $0, keyspace: keyspace).notePlatformReplies(newer) }
        } catch {
            log.info("The platform's own replies could not be noted", metadata: .of((.cause, "\(error)")))
        }
    }
}
