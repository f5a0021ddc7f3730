import Instants
import Lanes
import Logging
import Redis
import Telemetry
import Workers

/// What a worker has written down for people of what it saw of accounts; what could not be written is offered again. Lost
/// with a worker that dies before it did.
struct WorkerNotes {
    private var missed: [String: UInt64] = [:]
    private var platformReplies: [String: Instant] = [:]

    /// Comments that only sweeps brought, by account, as far as they are not written down.
    func missing(_ now: [String: UInt64]) -> [String: UInt64] {
        now.reduce(into: [:]) { left, one in
            let noted = missed[one.key] ?? 0
            if one.value > noted { left[one.key] = one.value - noted }
        }
    }

    /// When the platform's own automation answered, by account, where that is not written down.
    func newer(_ now: [String: Instant]) -> [String: Instant] {
        now.filter { $0.value > platformReplies[$0.key] ?? .distantPast }
    }

    /// Written down but for these accounts.
    mutating func noted(_ added: [String: UInt64], butFor away: Set<String>) {
        for (account, count) in added where !away.contains(account) { missed[account, default: 0] += count }
    }

    mutating func noted(_ newer: [String: Instant], butFor away: Set<String>) {
        for (account, at) in newer where !away.contains(account) { platformReplies[account] = at }
    }
}

extension WorkerRole {
    /// Writes down what runners counted, for `accounts gaps` and `accounts check`.
    func tell(_ counters: RunnerCounters, _ notes: inout WorkerNotes, _ redis: RedisThread) async {
        let keyspace = connector.keyspace
        let missed = notes.missing(counters.missed)
        let newer = notes.newer(counters.platformReplies)
        do {
            if !missed.isEmpty {
                let away = try await redis.run { try LaneStore(connection: $0, keyspace: keyspace).addMissed(missed) }
                notes.noted(missed, butFor: away)
            }
            if !newer.isEmpty {
                let away = try await redis.run {
                    try LaneStore(connection: $0, keyspace: keyspace).notePlatformReplies(newer)
                }
                notes.noted(newer, butFor: away)
            }
        } catch {
            log.info("What was seen of accounts could not be noted", metadata: .of((.cause, "\(error)")))
        }
    }
}
