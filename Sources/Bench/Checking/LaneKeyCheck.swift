import Contracts
import Redis
import SwiftProtobuf

// What a lane's own keys must be, checked one by one by plain commands.
//
// Somebody who edits keys by hand can hold up a lane, never its neighbours. So that the lane goes on again each finding
// names key and field, what was expected, what came, and a command that mends it. Fields that the owner keeps itself go
// away by taking the lane anew: `token` emptied fences whoever has it, and the next owner reads everything again.

/// Types of keys and fields of a lane's hash that are not what they must be.
struct LaneKeyCheck {
    private let prefix: String
    private let connection: RedisConnection
    private(set) var faults: [String] = []
    /// Keys of another type: nothing more can be read of them.
    private(set) var misfits: Set<String> = []
    private var fields: [String: String] = [:]
    /// Redis's clock, in ms.
    private var server: UInt64 = 0

    private static let types: [(name: String, type: String)] =
        [
            ("lane", "hash"), ("in", "stream"), ("timers", "zset"), ("outbox", "zset"), ("actions", "hash"),
            ("open", "hash"), ("results", "stream"), ("dead", "stream"), ("kept", "hash"), ("forgotten", "hash"),
        ] + (0..<64).map { ("state:\($0)", "hash") }
    private static let numbers = [
        "generation", "epoch", "assignment", "sequence", "index", "policy", "now", "offset", "strikes", "appended",
        "decided", "bytes", "producers", "moved", "stopper", "oldest", "result", "due", "walker",
    ]
    private static let entries = ["cursor", "last", "busy", "suspect"]
    private static let flags = ["virtual", "drained", "paused", "closed", "draining", "settling", "before"]
    private static let most: UInt64 = 8_999_999_999_999_999
    private static let clockBound: UInt64 = 60_000

    init(prefix: String, connection: RedisConnection) {
        self.prefix = prefix
        self.connection = connection
    }

    mutating func run() throws(RedisError) {
        for wish in Self.types {
            let key = prefix + wish.name
            guard let type = try connection.call(RedisCommand("TYPE", key)).string, type != "none", type != wish.type
            else { continue }
            misfits.insert(wish.name)
            faults.append(
                "expected \(key) to be a \(wish.type), got a \(type). Its content is lost: `DEL \(key)`"
                    + (wish.name == "lane" ? ", then `nightshift publish` makes the lane anew" : ""))
        }
        guard !misfits.contains("lane") else { return }
        let flat = try connection.call(RedisCommand("HGETALL", prefix + "lane")).array ?? []
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            if let name = flat[index].string { fields[name] = flat[index + 1].string ?? "\u{FFFD}" }
        }
        let time = try connection.call(RedisCommand("TIME")).array ?? []
        server = (time.first?.string.flatMap { UInt64($0) } ?? 0).multipliedReportingOverflow(by: 1_000).partialValue
        checkFields()
        try checkPlaces()
    }

    private mutating func checkFields() {
        for name in Self.numbers {
            guard let text = fields[name], !text.isEmpty, UInt64(text).map({ $0 <= Self.most }) != true else {
                continue
            }
            wrong(name, "a whole number up to \(Self.most)", text)
        }
        for name in Self.entries {
            guard let text = fields[name], !text.isEmpty, EntryID(text).map({ $0.milliseconds <= Self.most }) != true
            else { continue }
            wrong(name, "an entry id", text)
        }
        for name in Self.flags {
            guard let text = fields[name], !["", "0", "1"].contains(text) else { continue }
            wrong(name, "0 or 1", text)
        }
        for (name, text) in fields.sorted(by: { $0.key < $1.key }) where name.hasPrefix("p:") {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count != 2 || UInt64(parts[0]).map({ $0 <= Self.most }) != true || EntryID(parts[1]) == nil
            else { continue }
            wrong(name, "a number and an entry id", text)
        }
        if let move = fields["move"], !move.isEmpty, move != "retired", UInt64(move) == nil {
            wrong("move", "a move's number, retired or nothing", move)
        }
    }

    /// Values that can be read, and cannot be.
    private mutating func checkPlaces() throws(RedisError) {
        func entry(_ name: String) -> EntryID? { fields[name].flatMap { EntryID($0) } }
        func number(_ name: String) -> UInt64 { fields[name].flatMap { UInt64($0) } ?? 0 }
        let end = misfits.contains("in") ? entry("last") : max(entry("last") ?? .start, try newest("in") ?? .start)
        if let end, let cursor = entry("cursor"), cursor.milliseconds > end.milliseconds {
            wrong("cursor", "a place within the log, which ends at \(end)", "\(cursor)")
        }
        let (clock, isOver) = server.addingReportingOverflow(min(number("offset"), Self.most))
        if !isOver, number("now") > clock, number("now") - clock > Self.clockBound {
            wrong("now", "an instant near the lane's clock \(clock)", "\(number("now"))")
        }
        for (field, stream) in [("last", "in"), ("result", "results")] where !misfits.contains(stream) {
            guard let newest = try newest(stream) else { continue }
            let isBehind =
                field == "last"
                ? entry("last").map { $0 < newest } ?? false
                : fields[field].map { !$0.isEmpty && number(field) < newest.milliseconds } ?? false
            if isBehind { wrong(field, "no less than the last entry \(newest) of \(stream)", fields[field] ?? "") }
        }
    }

    private func newest(_ stream: String) throws(RedisError) -> EntryID? {
        let reply = try connection.call(RedisCommand("XREVRANGE", prefix + stream, "+", "-", "COUNT", "1"))
        return reply.array?.first?.array?.first?.string.flatMap { EntryID($0) }
    }

    private mutating func wrong(_ field: String, _ expected: String, _ came: String) {
        faults.append(
            "expected \(field) of \(prefix)lane to be \(expected), got \(came.prefix(60)). \(remedy(field))")
    }

    private func remedy(_ field: String) -> String {
        let key = prefix + "lane"
        func number(_ name: String) -> UInt64 {
            fields[name].flatMap { UInt64($0) }.flatMap { $0 <= Self.most ? $0 : nil } ?? 0
        }
        switch field {
        // Any that is higher than before: the owner is told, and takes the lane anew.
        case "sequence": return "`HSET \(key) sequence \(server)`"
        // Told right again once the end of the log is decided.
        case "appended": return "`HSET \(key) appended \(number("decided"))`"
        case "decided": return "`HSET \(key) decided \(number("appended"))`"
        case "cursor", "index":
            guard let place = decided else { return "`lanes pause` it, and set both behind what was decided last" }
            return "Behind what was decided last: `HSET \(key) cursor \(place.entry) index \(place.index) token ''`"
        case "last": return "`HSET \(key) last \((try? newest("in")) ?? .start) token ''`"
        case "due": return "`HSET \(key) due '' token ''`"
        case "offset": return "`HSET \(key) offset 0`, or the namespace's where clocks can be stepped"
        case "move": return "`HSET \(key) move ''` unless `nightshift lanes` names a move of it"
        default: return "`HDEL \(key) \(field)`"
        }
    }

    /// The place behind the last event that has a result; nil if none has. Where somebody was forgotten a batch lies in
    /// `kept`, and results of theirs name no event; one of neither event nor timer is an event's too.
    private var decided: Position? {
        let newest = try? connection.call(RedisCommand("XREVRANGE", prefix + "results", "+", "-", "COUNT", "1"))
        let stored = newest?.array?.first?.array?.last?.array?.last?.bytes
        let batches = ([stored] + keptResults).compactMap { $0.flatMap { try? ResultBatch(serializedBytes: $0) } }
        return batches.flatMap(\.results).filter { $0.timer.isEmpty }.map(\.position).max().map {
            Position(entry: $0.entry, index: $0.index + 1)
        }
    }

    /// What `kept` holds of batches; in pages.
    private var keptResults: [[UInt8]?] {
        guard !misfits.contains("kept") else { return [] }
        var found: [[UInt8]?] = []
        var cursor = "0"
        repeat {
            let reply = try? connection.call(
                RedisCommand("HSCAN", prefix + "kept", cursor, "MATCH", "r/*", "COUNT", "500"))
            guard let page = reply?.array, page.count == 2, let flat = page[1].array else { return found }
            for index in stride(from: 1, to: flat.count, by: 2) { found.append(flat[index].bytes) }
            cursor = page[0].string ?? "0"
        } while cursor != "0"
        return found
    }
}
