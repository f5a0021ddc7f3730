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
    /// When the platform sent it; nil if it did not say so, and for what an older release set aside.
    let sent: Instant?
    let raw: [UInt8]
    /// Names of the secrets that signed it; none for what was set aside before that was noted.
    let signers: [String]

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
        signers = (texts["signer"]?.string ?? "").split(separator: " ").map(String.init)
        received = texts["received_at"]?.string.flatMap { try? Instant(rfc3339: $0) } ?? .epoch
        sent = texts["sent_at"]?.string.flatMap { try? Instant(rfc3339: $0) }
    }
}

/// The quarantine as commands read it: page by page, with a connection of their own.
struct QuarantineShelf {
    private static let page = 100

    private let connection: RedisConnection
    private let key: String

    init(_ options: RedisOptions) throws {
        let session = try Session(options)
        self.init(try RedisConnection(session.connector.endpoint), session.connector.keyspace)
    }

    init(_ connection: RedisConnection, _ keyspace: Keyspace) {
        self.connection = connection
        key = keyspace.control("quarantine")
    }

    func each(_ chosen: QuarantineChoice, _ visit: (QuarantinedUpdate) -> Void) throws {
        var from: String? = "-"
        while let start = from { from = try page(from: start) { if chosen.contains($0) { visit($0) } } }
    }

    /// One page; gives where the next one begins.
    private func page(from: String, _ visit: (QuarantinedUpdate) -> Void) throws(RedisError) -> String? {
        let reply = try connection.call(RedisCommand("XRANGE", key, from, "+", "COUNT", "\(Self.page)"))
        let entries = reply.array ?? []
        for entry in entries { QuarantinedUpdate(entry).map(visit) }
        guard entries.count == Self.page, let last = entries.last?.array?.first?.string else { return nil }
        return "(" + last
    }

    func all(_ chosen: QuarantineChoice) throws -> [QuarantinedUpdate] {
        var updates: [QuarantinedUpdate] = []
        try each(chosen) { updates.append($0) }
        return updates
    }

    func remove(_ id: String) throws(RedisError) {
        _ = try connection.call(RedisCommand("XDEL", key, id))
    }
}

// Raw updates that nobody understood, and that name a person who is to be forgotten.
extension QuarantineShelf {
    /// Shorter ids stand in everything.
    private static let leastID = 6

    /// Removes them; how many that were. Of ids that are too short to be told all stay.
    func clear(accounts: Set<String>, contact: String) throws(RedisError) -> Int {
        var count = 0
        var from: String? = "-"
        while let start = from {
            let (removed, next) = try clearPage(from: start, accounts: accounts, contact: contact)
            count += removed
            from = next
        }
        return count
    }

    /// The same for one page, so that a connection can serve others between two; `-` is the first.
    func clearPage(
        from: String, accounts: Set<String>, contact: String
    ) throws(RedisError) -> (removed: Int, next: String?) {
        guard contact.utf8.count >= Self.leastID else { return (0, nil) }
        var ids: [String] = []
        let next = try page(from: from) { update in
            if update.account.isEmpty || accounts.contains(update.account),
                ByteSearch.contains(update.raw, word: Array(contact.utf8))
            {
                ids.append(update.id)
            }
        }
        for id in ids { try remove(id) }
        return (ids.count, next)
    }
}
