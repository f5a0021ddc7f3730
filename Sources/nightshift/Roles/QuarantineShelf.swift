import Instants
import Lanes
import Redis

/// One update of the quarantine, as `Quarantine` wrote it.
struct QuarantinedUpdate {
    let id: String
    let reason: String
    let detail: String
    let account: String
    let path: String
    let received: Instant
    let raw: [UInt8]
    /// Name of the secret that signed it; empty for what was set aside before that was noted.
    let signer: String

    /// Nil for an entry that is none of ours.
    init?(_ entry: RedisReply) {
        guard let parts = entry.array, parts.count == 2, let id = parts[0].string, let fields = parts[1].array else {
            return nil
        }
        var texts: [String: RedisReply] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            if let name = fields[index].string { texts[name] = fields[index + 1] }
        }
        guard let reason = texts["reason"]?.string, let raw = texts["raw"]?.bytes else { return nil }
        self.id = id
        self.reason = reason
        self.raw = raw
        detail = texts["detail"]?.string ?? ""
        account = texts["account"]?.string ?? ""
        path = texts["path"]?.string ?? ""
        signer = texts["signer"]?.string ?? ""
        received = texts["received_at"]?.string.flatMap { try? Instant(rfc3339: $0) } ?? .epoch
    }
}

/// The quarantine as commands read it: page by page, with a connection of their own.
struct QuarantineShelf {
    private static let page = 100

    private let connection: RedisConnection
    private let key: String

    init(_ options: RedisOptions) throws {
        let session = try Session(options)
        connection = try RedisConnection(session.connector.endpoint)
        key = session.connector.keyspace.control("quarantine")
    }

    func each(_ chosen: QuarantineChoice, _ visit: (QuarantinedUpdate) -> Void) throws {
        var from = "-"
        while true {
            let reply = try connection.call(RedisCommand("XRANGE", key, from, "+", "COUNT", "\(Self.page)"))
            let entries = reply.array ?? []
            for entry in entries {
                if let update = QuarantinedUpdate(entry), chosen.contains(update) { visit(update) }
            }
            guard entries.count == Self.page, let last = entries.last?.array?.first?.string else { return }
            from = "(" + last
        }
    }

    func all(_ chosen: QuarantineChoice) throws -> [QuarantinedUpdate] {
        var updates: [QuarantinedUpdate] = []
        try each(chosen) { updates.append($0) }
        return updates
    }

    func remove(_ id: String) throws {
        _ = try connection.call(RedisCommand("XDEL", key, id))
    }
}
