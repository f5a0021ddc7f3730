import Contracts
package import Redis

/// Whether anything of a person is left in a namespace: every key of it is read by plain commands and searched for bytes.
///
/// It shares no code with what erases. What it looks for: the person's conversation as an entity id, also within a desk's
/// matter; account and contact as events and actions carry them; the contact alone if it has eight bytes or more, which
/// no counter has; ids of the same length; and texts, but for those that stand in the policy too. It names keys and what it
/// found, never the text. O(all bytes of the namespace).
package struct PersonTrace: Sendable {
    package struct Needle: Sendable {
        /// Such as `the contact` or `a text`.
        package let name: String
        package let bytes: [UInt8]
    }

    package struct Find: Sendable, Equatable {
        package let key: String
        package let name: String
    }

    package private(set) var keys = 0
    package private(set) var bytes = 0
    package private(set) var finds: [Find] = []
    private let needles: [Needle]
    private let index: NeedleIndex
    /// Shops write there what customers write too, such as a button's title.
    private let policies: String
    private static let leastIDBytes = 8
    /// Shorter ones stand everywhere.
    private static let leastTextBytes = 12
    private static let text = "a text"

    package static func needles(account: String, contact: String, words: PersonWords) -> [Needle] {
        let entity = EntityID.messages(account: account, contact: contact).text
        var needles = [
            Needle(name: "the conversation", bytes: Array(entity.utf8)),
            Needle(name: "the desk's matter", bytes: Array(EntityID.encoded(entity).utf8)),
        ]
        for (first, second, name) in [
            (UInt8(0x12), UInt8(0x1A), "an event of theirs"), (0x5A, 0x62, "an action for them"),
        ] {
            guard account.utf8.count < 128, contact.utf8.count < 128 else { continue }
            needles.append(
                Needle(
                    name: name,
                    bytes: [first, UInt8(account.utf8.count)] + Array(account.utf8)
                        + [second, UInt8(contact.utf8.count)] + Array(contact.utf8)))
        }
        if contact.utf8.count >= leastIDBytes {
            needles.append(Needle(name: "the contact", bytes: Array(contact.utf8)))
        }
        for (name, ids) in [("a comment's id", words.comments), ("a message's id", words.messages)] {
            let ids = ids.union(ids.map { EntityID.encoded($0) }).filter { $0.utf8.count >= leastIDBytes }
            needles += ids.sorted().map { Needle(name: name, bytes: Array($0.utf8)) }
        }
        return needles
            + words.texts.sorted().filter { $0.utf8.count >= leastTextBytes }.map {
                Needle(name: text, bytes: Array($0.utf8))
            }
    }

    /// What of it is too short to be searched for, a sentence each.
    package static func unsearched(contact: String, words: PersonWords) -> [String] {
        var sentences: [String] = []
        if contact.utf8.count < leastIDBytes {
            sentences.append(
                "their id by itself, which has under \(leastIDBytes) bytes: only beside the account and in names")
        }
        let ids = words.comments.union(words.messages).count { $0.utf8.count < leastIDBytes }
        if ids > 0 { sentences.append("\(ids) ids of comments and messages of under \(leastIDBytes) bytes") }
        let texts = words.texts.count { $0.utf8.count < leastTextBytes }
        if texts > 0 { sentences.append("\(texts) texts of under \(leastTextBytes) bytes") }
        return sentences
    }

    /// - Parameter except: keys that are not looked at.
    package init(
        namespace: String, connection: RedisConnection, needles: [Needle], except: Set<String> = []
    ) throws(RedisError) {
        self.needles = needles
        index = NeedleIndex(needles.map(\.bytes))
        policies = "\(namespace):{ctl}:policies"
        for server in try connection.servers() {
            var cursor = "0"
            repeat {
                let reply = try server.call(RedisCommand("SCAN", cursor, "MATCH", "\(namespace):*", "COUNT", "1000"))
                cursor = reply.array?.first?.string ?? "0"
                for key in reply.array?.last?.array ?? [] {
                    guard let name = key.string, !except.contains(name) else { continue }
                    try search(name, server)
                }
            } while cursor != "0"
        }
        var seen: [Find] = []
        for find in finds.sorted(by: { ($0.key, $0.name) < ($1.key, $1.name) }) where seen.last != find {
            seen.append(find)
        }
        finds = seen
    }

    private mutating func search(_ key: String, _ server: RedisConnection) throws(RedisError) {
        keys += 1
        look(Array(key.utf8), key)
        switch try server.call(RedisCommand("TYPE", key)).string ?? "" {
        case "string": search(try server.call(RedisCommand("GET", key)), key)
        case "hash": try scan("HSCAN", key, server)
        case "zset": try scan("ZSCAN", key, server)
        case "set": try scan("SSCAN", key, server)
        case "list": try pages(key, server)
        case "stream": try stream(key, server)
        default: break
        }
    }

    private mutating func scan(_ command: String, _ key: String, _ server: RedisConnection) throws(RedisError) {
        var cursor = "0"
        repeat {
            let reply = try server.call(RedisCommand(command, key, cursor, "COUNT", "500"))
            cursor = reply.array?.first?.string ?? "0"
            if let page = reply.array?.last { search(page, key) }
        } while cursor != "0"
    }

    private mutating func pages(_ key: String, _ server: RedisConnection) throws(RedisError) {
        var from = 0
        while true {
            let page = try server.call(RedisCommand("LRANGE", key, "\(from)", "\(from + 499)"))
            guard let count = page.array?.count, count > 0 else { return }
            search(page, key)
            from += count
        }
    }

    private mutating func stream(_ key: String, _ server: RedisConnection) throws(RedisError) {
        var from = "-"
        while true {
            let page = try server.call(RedisCommand("XRANGE", key, from, "+", "COUNT", "100"))
            search(page, key)
            guard let entries = page.array, entries.count == 100, let last = entries.last?.array?.first?.string else {
                return
            }
            from = "(" + last
        }
    }

    private mutating func search(_ reply: RedisReply, _ key: String) {
        if let parts = reply.array {
            for part in parts { search(part, key) }
        } else if let value = reply.bytes {
            look(value, key)
        }
    }

    private mutating func look(_ value: [UInt8], _ key: String) {
        bytes += value.count
        for number in index.found(in: value) where key != policies || needles[number].name != Self.text {
            finds.append(Find(key: key, name: needles[number].name))
        }
    }

    /// Which needles a file's bytes hold; for the spool's.
    package static func finds(in bytes: [UInt8], named name: String, _ needles: [Needle]) -> [Find] {
        let found = NeedleIndex(needles.map(\.bytes)).found(in: bytes).map { needles[$0].name }
        return Set(found).sorted().map { Find(key: name, name: $0) }
    }
}
