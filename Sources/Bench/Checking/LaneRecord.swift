package import Contracts
package import Redis
import SwiftProtobuf

/// Everything that one lane's streams still hold, read by plain commands.
///
/// The checker shares no code with what it checks: it makes its own key names, reads streams with XRANGE and decodes them
/// with the schema alone. It holds a lane in memory: use it after a drill or a sample day, not on a shop's whole history.
package struct LaneRecord: Sendable {
    package struct LoggedEvent: Sendable {
        package let position: Position
        package let event: Event
    }

    package struct LoggedResult: Sendable {
        package let result: DecisionResult
        package let committedAt: Int64
        package let epoch: UInt64
    }

    package let lane: String
    package private(set) var events: [LoggedEvent] = []
    /// Events that could not be decoded: their positions.
    package private(set) var undecodable: [Position] = []
    package private(set) var results: [LoggedResult] = []
    package private(set) var dead: [DeadLetter] = []
    /// Actions that are not settled.
    package private(set) var openActions = 0

    /// Names of the lanes that have a hash, sorted, found by SCAN: the checker asks no topology.
    package static func lanes(on connection: RedisConnection, namespace: String) throws(RedisError) -> [String] {
        var found: Set<String> = []
        for server in try connection.servers() {
            var cursor = "0"
            repeat {
                let reply = try server.call(
                    RedisCommand("SCAN", cursor, "MATCH", "\(namespace):{*}:lane", "COUNT", "1000"))
                cursor = reply.array?.first?.string ?? "0"
                for key in reply.array?.last?.array ?? [] {
                    guard let text = key.string, let start = text.firstIndex(of: "{"),
                        let end = text.lastIndex(of: "}"), start < end
                    else { continue }
                    found.insert(String(text[text.index(after: start)..<end]))
                }
            } while cursor != "0"
        }
        return found.sorted()
    }

    package init(lane: String, namespace: String, connection: RedisConnection) throws(RedisError) {
        self.lane = lane
        let prefix = "\(namespace):{\(lane)}:"
        try Self.pages(of: prefix + "in", connection) { id, body in
            guard let ranges = try? EventFraming.ranges(of: body) else {
                undecodable.append(Position(entry: id, index: 0))
                return
            }
            for (index, range) in ranges.enumerated() {
                let position = Position(entry: id, index: index)
                if let event = try? Event(serializedBytes: Array(body[range])) {
                    events.append(LoggedEvent(position: position, event: event))
                } else {
                    undecodable.append(position)
                }
            }
        }
        var batches: [(EntryID, [UInt8])] = []
        try Self.pages(of: prefix + "results", connection) { batches.append(($0, $1)) }
        batches += try readKept(prefix + "kept", connection)
        for (_, body) in batches.sorted(by: { $0.0 < $1.0 }) {
            guard let batch = try? ResultBatch(serializedBytes: body) else { continue }
            for result in batch.results {
                results.append(LoggedResult(result: result, committedAt: batch.committedAt, epoch: batch.epoch))
            }
        }
        try Self.pages(of: prefix + "dead", connection) { _, body in
            if let letter = try? DeadLetter(serializedBytes: body) { dead.append(letter) }
        }
        openActions = Int(try connection.call(RedisCommand("HLEN", prefix + "actions")).int ?? 0)
    }

    /// Events that outlived their entries, in their places; gives the batches of results that stand for erased ones.
    private mutating func readKept(
        _ key: String, _ connection: RedisConnection
    ) throws(RedisError) -> [(EntryID, [UInt8])] {
        let flat = try connection.call(RedisCommand("HGETALL", key)).array ?? []
        var batches: [(EntryID, [UInt8])] = []
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let field = flat[index].string, let body = flat[index + 1].bytes else { continue }
            let parts = field.split(separator: "/").map(String.init)
            if parts.count == 2, parts[0] == "r", let entry = EntryID(parts[1]) {
                batches.append((entry, body))
            } else if parts.count == 2, let entry = EntryID(parts[0]), let number = Int(parts[1]),
                let event = try? Event(serializedBytes: body)
            {
                events.append(LoggedEvent(position: Position(entry: entry, index: number), event: event))
            }
        }
        events.sort { $0.position < $1.position }
        return batches
    }

    /// Walks a stream from its start in pages; gives each entry's id and its only field's value.
    static func pages(
        of key: String, _ connection: RedisConnection, _ each: (EntryID, [UInt8]) -> Void
    ) throws(RedisError) {
        var from = "-"
        while true {
            let page = try connection.call(RedisCommand("XRANGE", key, from, "+", "COUNT", "200")).array ?? []
            for entry in page {
                guard let parts = entry.array, parts.count == 2, let text = parts[0].string, let id = EntryID(text),
                    let fields = parts[1].array, fields.count >= 2, let body = fields[1].bytes
                else { continue }
                each(id, body)
                from = "(" + text
            }
            if page.count < 200 { return }
        }
    }
}
