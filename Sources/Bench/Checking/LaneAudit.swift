import Contracts
package import Redis
import SwiftProtobuf

/// Invariants over one lane's live keys, read by plain commands and judged by code of its own.
///
/// A lane that is at work changes between two reads, so its sequence is read first and last, and a lane that moved is read
/// again, a few times at the most. What is checked: the cursor lies within the log; appended less decided is what the log
/// holds behind the cursor; every state decodes and is below its bound; every armed state has a member in the timers that is
/// not later than its earliest timer; outbox and actions name the same actions and each can be read; open items decode;
/// every key has its type and every field of the lane's hash a value that it can have (`LaneKeyCheck`); everything lies in
/// the lane that the topology says, and in no other (`LaneWhereabouts`). O(keys of the lane).
package struct LaneAudit: Sendable {
    package let lane: String
    /// Each as *expected, got*; empty if all holds.
    package private(set) var faults: [String] = []
    /// False if the lane never stood still.
    package private(set) var isSettled = false
    package private(set) var states = 0
    package private(set) var openActions = 0

    private static let mostTries = 5
    private static let mostStateBytes = 32 * 1_024

    /// - Parameter whereabouts: nil: where things lie is not looked at.
    package init(
        lane: String, namespace: String, connection: RedisConnection, whereabouts: LaneWhereabouts? = nil
    ) throws(RedisError) {
        self.lane = lane
        let prefix = "\(namespace):{\(lane)}:"
        var whereabouts = whereabouts
        for _ in 0..<Self.mostTries where !isSettled {
            // Before the first look, or what commits between two looks would be a fault. Keys of a wrong type have none.
            let before = try? Self.stamp(prefix, connection)
            var keys = LaneKeyCheck(prefix: prefix, connection: connection)
            try keys.run()
            faults = keys.faults
            guard keys.misfits.isEmpty else {
                // Nothing else can be read of them.
                isSettled = true
                break
            }
            guard let before else { continue }
            if let known = whereabouts {
                let fields = try Self.pairs(RedisCommand("HGETALL", prefix + "lane"), connection)
                func look(_ known: LaneWhereabouts) throws(RedisError) -> [String] {
                    try known.misfits(of: lane, fields, prefix: prefix) + known.strays(in: lane, connection)
                }
                var found = try look(known)
                // The house is at work: a lane that was placed or moved since the topology was read is not at fault.
                if !found.isEmpty,
                    let fresh = try LaneWhereabouts(namespace: namespace, connection: connection), fresh != known
                {
                    whereabouts = fresh
                    found = try look(fresh)
                }
                faults += found
            }
            try checkLog(prefix, connection)
            try checkStates(prefix, connection)
            try checkActions(prefix, connection)
            isSettled = try Self.stamp(prefix, connection) == before
        }
        if !isSettled { faults = [] }
    }

    /// What changes whenever the lane does.
    private static func stamp(_ prefix: String, _ connection: RedisConnection) throws(RedisError) -> [String?] {
        let hash = try connection.call(RedisCommand("HGETALL", prefix + "lane")).array ?? []
        let actions = try connection.call(RedisCommand("HLEN", prefix + "actions"))
        return hash.map(\.string) + [actions.int.map(String.init)]
    }

    private mutating func checkLog(_ prefix: String, _ connection: RedisConnection) throws(RedisError) {
        let fields = try Self.pairs(RedisCommand("HGETALL", prefix + "lane"), connection)
        guard let appended = fields["appended"].flatMap({ UInt64($0) }) else { return }
        let decided = fields["decided"].flatMap { UInt64($0) } ?? 0
        if decided > appended { faults.append("expected decided ≤ appended, got \(decided) > \(appended)") }
        let record = try LaneRecord(lane: lane, namespace: String(prefix.prefix { $0 != ":" }), connection: connection)
        let results = Set(record.results.filter { $0.result.timer.isEmpty }.map(\.result.position))
        let set = Set(record.dead.map(\.position))
        let open = record.events.filter { !results.contains($0.position) && !set.contains($0.position) }.count
        let oldest = record.results.isEmpty ? 0 : open
        if appended - min(decided, appended) != UInt64(oldest), !record.results.isEmpty, record.undecodable.isEmpty {
            faults.append("expected \(appended - min(decided, appended)) events without a result, got \(oldest)")
        }
    }

    private mutating func checkStates(_ prefix: String, _ connection: RedisConnection) throws(RedisError) {
        let armed = try Self.scores(prefix + "timers", connection)
        for name in armed.keys.sorted() where (try? EntityID(name)) == nil {
            faults.append("expected timers of entities, got one of \(name). `ZREM \(prefix)timers \(name)`")
        }
        states = 0
        for number in 0..<64 {
            let values = try connection.call(RedisCommand("HGETALL", prefix + "state:\(number)")).array ?? []
            for (index, value) in values.enumerated() where index % 2 == 1 {
                states += 1
                let name = values[index - 1].string ?? "?"
                guard let bytes = value.bytes, let state = try? EntityState(serializedBytes: bytes) else {
                    faults.append(
                        "expected a state at \(name), got bytes that are none: what comes for it becomes a dead letter. "
                            + "`HDEL \(prefix)state:\(number) \(name)`, then `nightshift dead replay`")
                    continue
                }
                if bytes.count > Self.mostStateBytes {
                    faults.append("expected a state under 32 KiB at \(name), got \(bytes.count)")
                }
                if Int(StableHash.hash(name) >> 58) != number {
                    faults.append("expected \(name) in its own hash, got state:\(number)")
                }
                guard let due = state.timers.map(\.dueAt).min() else { continue }
                if (armed[name] ?? .max) > due {
                    faults.append(
                        "expected a timer of \(name) by \(due), got \(armed[name].map(String.init) ?? "none"). "
                            + "`ZADD \(prefix)timers \(due) \(name)`, then `HSET \(prefix)lane token ''`")
                }
            }
        }
    }

    private mutating func checkActions(_ prefix: String, _ connection: RedisConnection) throws(RedisError) {
        let stored = try connection.call(RedisCommand("HGETALL", prefix + "actions")).array ?? []
        var actions: Set<[UInt8]> = []
        for index in stride(from: 0, to: stored.count - 1, by: 2) {
            guard let id = stored[index].bytes else { continue }
            actions.insert(id)
            let value = stored[index + 1].bytes ?? []
            // Attempts, big-endian; more than 2^30 nobody made.
            let isCounted = (value.first ?? 0) < 0x40
            if isCounted, value.count >= 13, (try? Action(serializedBytes: Array(value.dropFirst(13)))) != nil {
                continue
            }
            let name = String(decoding: id, as: UTF8.self)
            let came = isCounted ? "bytes that are none" : "one of more attempts than anybody made"
            faults.append(
                "expected an action at \(name), got \(came): nobody carries it out. "
                    + "`HDEL \(prefix)actions \(name)`, `ZREM \(prefix)outbox \(name)`")
        }
        let outbox = Set(
            (try connection.call(RedisCommand("ZRANGE", prefix + "outbox", "0", "-1")).array ?? []).compactMap(\.bytes))
        openActions = actions.count
        if actions != outbox {
            faults.append(
                "expected the same names in actions and outbox, got \(actions.subtracting(outbox).count) and "
                    + "\(outbox.subtracting(actions).count) more")
        }
        let items = try connection.call(RedisCommand("HGETALL", prefix + "open")).array ?? []
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            guard items[index + 1].bytes.flatMap({ try? OpenItem(serializedBytes: $0) }) == nil else { continue }
            let name = items[index].string ?? "?"
            faults.append(
                "expected an open item at \(name), got bytes that are none. `HDEL \(prefix)open \(name)`")
        }
    }

    private static func pairs(
        _ command: RedisCommand, _ connection: RedisConnection
    ) throws(RedisError) -> [String: String] {
        let flat = try connection.call(command).array ?? []
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            if let name = flat[index].string { pairs[name] = flat[index + 1].string }
        }
        return pairs
    }

    private static func scores(
        _ key: String, _ connection: RedisConnection
    ) throws(RedisError) -> [String: Int64] {
        let flat = try connection.call(RedisCommand("ZRANGE", key, "0", "-1", "WITHSCORES")).array ?? []
        var scores: [String: Int64] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            if let name = flat[index].string, let score = flat[index + 1].string.flatMap({ Double($0) }) {
                scores[name] = Int64(exactly: score.rounded()) ?? .max
            }
        }
        return scores
    }
}
