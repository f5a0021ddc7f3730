package import Contracts
internal import Instants
internal import Redis
internal import SwiftProtobuf

/// Reading for couriers, operators and checkers: plain commands, nothing is written. On a cluster `look` and `glance` leave
/// out the lanes whose primary cannot be reached.
extension LaneStore {
    /// The number of the primary that a lane lies on, as far as is known; 0 without a cluster.
    package func shard(of lane: LaneName) -> Int {
        connection.isCluster ? connection.shard(of: slot(of: lane)) : 0
    }

    /// A number for the shard that a lane lies on that a failover does not change (`RedisConnection.shardStart`).
    package func shardStart(of lane: LaneName) -> Int? { connection.shardStart(of: slot(of: lane)) }

    /// All that a lane's hash says. Redis: one HMGET a lane, about 6 µs.
    package func look(_ lanes: [LaneName]) throws(LaneError) -> [LaneLook] {
        try fields(LaneFieldValues.all, of: lanes) { Self.look($0, $1, $2) }
    }

    /// What is asked of every lane again and again. Redis: one HMGET a lane, about 3 µs.
    package func glance(_ lanes: [LaneName]) throws(LaneError) -> [LaneGlance] {
        try fields(LaneFieldValues.glance, of: lanes) { lane, values, serverTime in
            LaneGlance(
                lane: lane, owner: values.text(.owner), wantedBy: values.text(.wanted),
                assignment: values.count(.assignment), cursor: values.cursor, lastEntry: values.entry(.last) ?? .start,
                nextDue: values.instant(.due), isPaused: values.flag(.paused),
                appended: values.count(.appended), decided: values.count(.decided), now: values.instant(.now) ?? .epoch,
                offset: values.offset, serverTime: serverTime)
        }
    }

    private func fields<Value>(
        _ set: LaneFieldSet, of lanes: [LaneName], _ value: (LaneName, LaneFieldValues, Instant) -> Value
    ) throws(LaneError) -> [Value] {
        try fieldsOrFault(set, of: lanes, value).compactMap { try? $0.1.get() }
    }

    /// Like `look`, with the lanes that are away in their places.
    func lookOrFault(_ lanes: [LaneName]) throws(LaneError) -> [(LaneName, Result<LaneLook, LaneFault>)] {
        try fieldsOrFault(LaneFieldValues.all, of: lanes) { Self.look($0, $1, $2) }
    }

    private func fieldsOrFault<Value>(
        _ set: LaneFieldSet, of lanes: [LaneName], _ value: (LaneName, LaneFieldValues, Instant) -> Value
    ) throws(LaneError) -> [(LaneName, Result<Value, LaneFault>)] {
        guard !lanes.isEmpty else { return [] }
        // Each lane's server has its own clock.
        let shards = lanes.map(shard)
        var clocks: [Int: Int] = [:]
        var times: [RedisCommand] = []
        for (lane, shard) in zip(lanes, shards) where clocks[shard] == nil {
            clocks[shard] = times.count
            times.append(RedisCommand("TIME").beside(hashKey(of: lane)))
        }
        let replies = try plainWhereReached(times + lanes.map { set.command(hashKey(of: $0)) })
        let instants = try replies.prefix(times.count).map { (reply) throws(LaneError) in
            reply.error == nil ? try Self.instant(ofTime: reply) : nil
        }
        var found: [(LaneName, Result<Value, LaneFault>)] = []
        found.reserveCapacity(lanes.count)
        for (index, reply) in replies.dropFirst(times.count).enumerated() {
            let lane = lanes[index]
            if let error = reply.error {
                found.append((lane, .failure(LaneFault(error))))
                continue
            }
            guard let place = clocks[shards[index]], let serverTime = instants[place] else {
                found.append((lane, .failure(LaneFault(code: "NOREPLY", message: "its server did not tell the time"))))
                continue
            }
            guard let values = LaneFieldValues(reply, set) else {
                throw .unexpectedReply(call: "HMGET", came: reply.kind)
            }
            found.append((lane, .success(value(lane, values, serverTime))))
        }
        return found
    }

    private static func look(_ lane: LaneName, _ values: LaneFieldValues, _ serverTime: Instant) -> LaneLook {
        let suspect = values.entry(.suspect).map { until in
            Suspect(
                until: until, mark: values.text(.mark).flatMap { LaneMark($0) },
                strikes: Int(clamping: values.count(.strikes)))
        }
        return LaneLook(
            lane: lane, exists: values.text(.generation) != nil, owner: values.text(.owner),
            wantedBy: values.text(.wanted), epoch: values.count(.epoch), assignment: values.count(.assignment),
            generation: values.count(.generation), sequence: values.count(.sequence), policy: values.count(.policy),
            cursor: values.cursor,
            lastEntry: values.entry(.last) ?? .start, now: values.instant(.now) ?? .epoch,
            offset: values.offset, isDrained: values.flag(.drained),
            isPaused: values.flag(.paused), isClosed: values.flag(.closed), isDraining: values.flag(.draining),
            isVirtual: values.flag(.virtual), isSettling: values.flag(.settling),
            move: values.text(.move), appended: values.count(.appended), decided: values.count(.decided),
            logBytes: values.count(.bytes), oldestPending: values.instant(.oldest), nextDue: values.instant(.due),
            busyUntil: values.entry(.busy), suspect: suspect, alarm: values.text(.alarm), serverTime: serverTime)
    }

    /// All actions of a lane that are not settled, earliest next attempt first; read in pages. One that is settled by
    /// somebody meanwhile may be among them: its claim is answered `gone`. O(actions).
    package func recover(_ lane: LaneName) throws(LaneError) -> [StoredAction] {
        let keys = keys(of: lane)
        var found: [ActionID: StoredAction] = [:]
        var cursor = "0"
        repeat {
            let page = try scanPage(keys.actions, &cursor)
            guard !page.isEmpty else { continue }
            var command = RedisCommand("ZMSCORE", expectedBytes: 60 + 40 * page.count)
            command.add(keys.outbox)
            for (id, _) in page { command.add(id) }
            guard let scores = try plain([command]).first?.array, scores.count == page.count else {
                throw .unexpectedReply(call: "ZMSCORE", came: "another number of scores than asked for")
            }
            for ((name, value), score) in zip(page, scores) {
                guard let id = ActionID(hex: name) else { continue }
                let nextAttempt = Instant(milliseconds: score.int ?? 0)
                found[id] = StoredAction(id: id, value: value, nextAttempt: nextAttempt)
            }
        } while cursor != "0"
        return found.values.sorted { ($0.nextAttempt, $0.id) < ($1.nextAttempt, $1.id) }
    }

    /// Of these actions, those whose attempt is still open. Redis: one HMGET.
    func stillOpen(_ actions: [ActionID], of lane: LaneName) throws(LaneError) -> [ActionID] {
        guard !actions.isEmpty else { return [] }
        var command = RedisCommand("HMGET", expectedBytes: 60 + 40 * actions.count)
        command.add(keys(of: lane).actions)
        for action in actions { command.add(action) }
        let values = try plain([command]).first?.array ?? []
        return zip(actions, values).compactMap { id, value in
            value.bytes.flatMap { StoredAction(id: id, value: $0, nextAttempt: .epoch) }?.isOpen == true ? id : nil
        }
    }

    /// The next page of a lane's results behind `after`, oldest first.
    package func results(
        _ lane: LaneName, after: EntryID = .start, most: Int = 100
    ) throws(LaneError) -> [StoredResults] {
        try page(keys(of: lane).results, after, most).map { (entry) throws(LaneError) in try Self.results(entry, lane) }
    }

    /// The newest batches of a lane's results, newest first.
    func latestResults(_ lane: LaneName, _ most: Int) throws(LaneError) -> [StoredResults] {
        var command = RedisCommand("XREVRANGE")
        command.add(keys(of: lane).results)
        for word in ["+", "-", "COUNT"] { command.add(word) }
        command.add(min(max(most, 1), 1_000))
        return try entries(try plain([command])).map { (entry) throws(LaneError) in try Self.results(entry, lane) }
    }

    private static func results(_ entry: LogEntry, _ lane: LaneName) throws(LaneError) -> StoredResults {
        do {
            return StoredResults(lane: lane, entry: entry.id, batch: try ResultBatch(serializedBytes: entry.body))
        } catch {
            throw .unexpectedReply(call: "results", came: "an entry \(entry.id) that is no ResultBatch")
        }
    }

    /// The next page of a lane's dead letters behind `after`, oldest first.
    package func deadLetters(
        _ lane: LaneName, after: EntryID = .start, most: Int = 100
    ) throws(LaneError) -> [StoredDeadLetter] {
        try page(keys(of: lane).dead, after, most).map { entry throws(LaneError) in
            do {
                return StoredDeadLetter(
                    lane: lane, entry: entry.id, letter: try DeadLetter(serializedBytes: entry.body))
            } catch {
                throw .unexpectedReply(call: "dead", came: "an entry \(entry.id) that is no DeadLetter")
            }
        }
    }

    /// A page of the log itself, for exports and checkers.
    package func log(_ lane: LaneName, after: EntryID = .start, most: Int = 100) throws(LaneError) -> [LogEntry] {
        try page(keys(of: lane).log, after, most)
    }

    /// The open items of a lane, by conversation; read in pages. O(items).
    package func openItems(_ lane: LaneName) throws(LaneError) -> [OpenItem] {
        var items: [String: OpenItem] = [:]
        for (name, value) in try scan(keys(of: lane).open) {
            guard let item = try? OpenItem(serializedBytes: value) else {
                throw .unexpectedReply(call: "open items", came: "a value of \(name) that is no OpenItem")
            }
            items[name] = item
        }
        return items.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Every state that a lane holds, by entity; for exports, checkers and moves. O(states).
    package func allStates(_ lane: LaneName) throws(LaneError) -> [LaneCommit.State] {
        var states: [EntityID: [UInt8]] = [:]
        for key in keys(of: lane).states {
            for (name, value) in try scan(key) {
                guard let entity = try? EntityID(name) else {
                    throw .unexpectedReply(call: "states", came: "a field that is no entity id")
                }
                states[entity] = value
            }
        }
        return states.sorted { $0.key < $1.key }.map { LaneCommit.State(entity: $0.key, bytes: $0.value) }
    }

    private func page(_ key: [UInt8], _ after: EntryID, _ most: Int) throws(LaneError) -> [LogEntry] {
        var command = RedisCommand("XRANGE")
        command.add(key)
        command.add(after == .start ? "-" : "(\(after)")
        command.add("+")
        command.add("COUNT")
        command.add(min(max(most, 1), 1_000))
        return try entries(try plain([command]))
    }

    private func entries(_ replies: [RedisReply]) throws(LaneError) -> [LogEntry] {
        guard let entries = replies.first?.array else { throw .unexpectedReply(call: "XRANGE", came: "no array") }
        return try entries.map { entry throws(LaneError) in
            guard let parts = entry.array, parts.count == 2, let id = parts[0].string.flatMap({ EntryID($0) }),
                let fields = parts[1].array
            else { throw .unexpectedReply(call: "XRANGE", came: entry.kind) }
            return LogEntry(id: id, body: fields.count > 1 ? fields[1].bytes ?? [] : [])
        }
    }

    /// All pairs of a hash; one that is there from beginning to end comes at least once.
    private func scan(_ key: [UInt8]) throws(LaneError) -> [(String, [UInt8])] {
        var pairs: [(String, [UInt8])] = []
        var cursor = "0"
        repeat { pairs += try scanPage(key, &cursor) } while cursor != "0"
        return pairs
    }

    func scanPage(_ key: [UInt8], _ cursor: inout String) throws(LaneError) -> [(String, [UInt8])] {
        var command = RedisCommand("HSCAN")
        command.add(key)
        command.add(cursor)
        command.add("COUNT")
        command.add(500)
        guard let parts = try plain([command]).first?.array, parts.count == 2, let next = parts[0].string,
            let flat = parts[1].array
        else { throw .unexpectedReply(call: "HSCAN", came: "another shape") }
        cursor = next
        return stride(from: 0, to: flat.count - 1, by: 2).map { index in
            (flat[index].string ?? "", flat[index + 1].bytes ?? [])
        }
    }
}

package struct StoredResults: Sendable {
    package var lane: LaneName
    package var entry: EntryID
    /// The index of a result is its place in `batch.results`.
    package var batch: ResultBatch
}

package struct StoredDeadLetter: Sendable {
    package var lane: LaneName
    /// Its own place among the dead letters; the event's stands in `letter`.
    package var entry: EntryID
    package var letter: DeadLetter
}

extension StoredAction {
    /// What stands before the serialised `Action` in a stored value.
    package static let headerBytes = 13
    /// More than these nobody made: the key was edited, and the action is left alone.
    package static let mostAttempts: UInt32 = (1 << 30) - 1

    /// Takes a stored value apart: attempts (u32), flags (1 open, 2 no retry), deadline (u64; without an open attempt 1 if
    /// an earlier one is unclear), big-endian; `Action`.
    init?(id: ActionID, value: [UInt8], nextAttempt: Instant) {
        guard value.count >= 13 else { return nil }
        let attempts = UInt32(truncatingIfNeeded: Self.number(value[0..<4]))
        guard attempts <= Self.mostAttempts else { return nil }
        let isOpen = value[4] & 1 != 0
        self.init(
            id: id, attempts: attempts, isOpen: isOpen,
            mayNotRetry: value[4] & 2 != 0, isUnclear: !isOpen && value[12] == 1,
            deadline: Instant(milliseconds: Int64(clamping: Self.number(value[5..<13]))), nextAttempt: nextAttempt,
            bytes: Array(value[13...]))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
