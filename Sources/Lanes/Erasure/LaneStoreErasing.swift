package import Contracts
internal import Redis
internal import SwiftProtobuf

/// What of a lane lies in one hash and is looked through page by page.
package enum LaneHash: Sendable, Hashable {
    /// One of `StateHash.count`.
    case states(Int)
    case actions
    case open
    case kept
}

/// What a lane keeps of entries and batches from which something was erased.
package struct KeptThings: Sendable {
    /// The serialised `Event`s.
    package var events: [Position: [UInt8]] = [:]
    /// In the order of their batches.
    package var results: [StoredResults] = []
}

/// Erasing, and the reading that it needs.
extension LaneStore {
    /// Erases one slice of each lane. Redis: O(elements + bytes of the entries).
    package func erase(_ requests: [EraseRequest]) throws(LaneError) -> [EraseReply] {
        let commands = requests.map { request in Self.command(request, keys(of: request.lane)) }
        let replies = try run(commands, durably: true)
        return try each(requests, replies, call: "erase", fault: EraseReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "erased": .erased(entries: Int(try answer.count(1)), bytes: Int(try answer.count(2)))
            case "fenced": .fenced
            default: throw answer.unexpected(0)
            }
        }
    }

    /// A page of one hash of a lane, and where to go on; `0` is the start, and the end. Nil if the lane is away. What is
    /// there all the time comes at least once. Redis: O(page).
    package func page(
        _ lane: LaneName, _ hash: LaneHash, after cursor: String
    ) throws(LaneError) -> (pairs: [(name: String, value: [UInt8])], next: String)? {
        let keys = keys(of: lane)
        let key: [UInt8]
        switch hash {
        case .states(let number):
            guard keys.states.indices.contains(number) else {
                throw .invalidRequest("expected one of \(keys.states.count) hashes, got \(number)")
            }
            key = keys.states[number]
        case .actions: key = keys.actions
        case .open: key = keys.open
        case .kept: key = keys.kept
        }
        var next = cursor
        do throws(LaneError) {
            let pairs = try scanPage(key, &next)
            return (pairs.map { (name: $0.0, value: $0.1) }, next)
        } catch {
            guard error.isAway else { throw error }
            return nil
        }
    }

    /// The same of one of a lane's 64 hashes of states.
    package func statePage(
        _ lane: LaneName, hash: Int, after cursor: String
    ) throws(LaneError) -> (states: [LaneCommit.State], next: String)? {
        guard let (pairs, next) = try page(lane, .states(hash), after: cursor) else { return nil }
        let states = pairs.compactMap { name, bytes in
            (try? EntityID(name)).map { LaneCommit.State(entity: $0, bytes: bytes) }
        }
        return (states, next)
    }

    /// How the inbox shows these conversations, in their order; nil for one that it does not. Nil if the lane is away.
    package func listed(_ lane: LaneName, _ entities: [EntityID]) throws(LaneError) -> [OpenItem?]? {
        guard !entities.isEmpty else { return [] }
        var command = RedisCommand("HMGET")
        command.add(keys(of: lane).open)
        for entity in entities { command.add(entity.text) }
        guard let reply = try plainWhereReached([command]).first, reply.error == nil else { return nil }
        guard let values = reply.array, values.count == entities.count else {
            throw .unexpectedReply(call: "HMGET", came: reply.kind)
        }
        return values.map { value in value.bytes.flatMap { try? OpenItem(serializedBytes: $0) } }
    }

    /// Everything that a lane keeps beside its streams. O(kept).
    package func kept(_ lane: LaneName) throws(LaneError) -> KeptThings {
        var things = KeptThings()
        var batches: [EntryID: [UInt8]] = [:]
        var cursor = "0"
        repeat {
            for (name, value) in try scanPage(keys(of: lane).kept, &cursor) {
                switch KeptField(name) {
                case .event(let position): things.events[position] = value
                case .results(let entry): batches[entry] = value
                case nil: throw .unexpectedReply(call: "kept", came: "a field \(name.prefix(60))")
                }
            }
        } while cursor != "0"
        things.results = try batches.sorted { $0.key < $1.key }.map { (entry, bytes) throws(LaneError) in
            guard let batch = try? ResultBatch(serializedBytes: bytes) else {
                throw .unexpectedReply(call: "kept", came: "a value of r/\(entry) that is no ResultBatch")
            }
            return StoredResults(lane: lane, entry: entry, batch: batch)
        }
        return things
    }

    /// The layout is the one that `erase.lua` states.
    private static func command(_ request: EraseRequest, _ keys: LaneKeys) -> RedisCommand {
        let gone = StateGroups(count: request.states.count) { request.states[$0] }
        let written = StateGroups(count: request.written.count) { request.written[$0].entity }
        let hashes = Set(gone.hashes).union(written.hashes).sorted()
        var command = RedisCommand(function: LaneLibrary.erase, keys: 9 + hashes.count)
        for key in [
            keys.hash, keys.log, keys.kept, keys.timers, keys.outbox, keys.actions, keys.open, keys.dead, keys.results,
        ] { command.add(key) }
        for hash in hashes { command.add(keys.states[hash]) }
        command.add(request.token.text)
        for count in [
            request.entries.count, request.kept.count + request.redacted.count, request.timers.count,
            request.actions.count, request.openItems.count, request.deadLetters.count,
            request.forgottenEvents.count + request.forgottenBatches.count, request.results.count,
            request.listed.count, gone.hashes.count, written.hashes.count,
        ] { command.add(count) }
        for entry in request.entries { command.add(entry) }
        for kept in request.kept {
            command.add(KeptField.event(kept.position).text)
            command.add(kept.event)
        }
        for (batch, bytes) in request.redacted {
            command.add(KeptField.results(batch).text)
            command.add(bytes)
        }
        for entity in request.timers { command.add(entity.text) }
        for action in request.actions { command.add(action) }
        for entity in request.openItems { command.add(entity.text) }
        for entry in request.deadLetters { command.add(entry) }
        for position in request.forgottenEvents { command.add(KeptField.event(position).text) }
        for batch in request.forgottenBatches { command.add(KeptField.results(batch).text) }
        for entry in request.results { command.add(entry) }
        for item in request.listed {
            command.add(item.entity.text)
            command.add(item.bytes)
        }
        for hash in gone.hashes {
            command.add((hashes.firstIndex(of: hash) ?? 0) + 10)
            command.add(gone.members(hash).count)
            for member in gone.members(hash) { command.add(request.states[member].text) }
        }
        for hash in written.hashes {
            command.add((hashes.firstIndex(of: hash) ?? 0) + 10)
            command.add(written.members(hash).count)
            for member in written.members(hash) {
                command.add(request.written[member].entity.text)
                command.add(request.written[member].bytes)
            }
        }
        return command
    }
}

/// A field of `kept`.
package enum KeptField: Sendable, Equatable {
    case event(Position)
    case results(EntryID)

    /// Nil for a field of another form.
    package init?(_ text: String) {
        if text.hasPrefix("r/") {
            guard let entry = EntryID(String(text.dropFirst(2))) else { return nil }
            self = .results(entry)
        } else {
            guard let position = Position(text: text) else { return nil }
            self = .event(position)
        }
    }

    package var text: String {
        switch self {
        case .event(let position): position.description
        case .results(let entry): "r/\(entry)"
        }
    }
}
