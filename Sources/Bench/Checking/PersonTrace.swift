import Contracts
package import Redis
import SwiftProtobuf

/// Whether anything of a person is left in a namespace: every key of it is read by plain commands and searched for bytes.
///
/// It shares no code with what erases. What it looks for: the person's conversation as an entity id, also within a desk's
/// matter; account and contact as events and actions carry them; the contact alone if it has eight bytes or more, which
/// no counter has; and texts. It names keys and what it found, never the text. O(all bytes of the namespace).
package struct PersonTrace: Sendable {
    package struct Needle: Sendable {
        /// Such as `contact` or `a text`.
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
    private static let leastContactBytes = 8
    /// Shorter ones stand everywhere.
    private static let leastTextBytes = 12

    /// - Parameter texts: what the person wrote; see `texts(of:)`.
    package static func needles(account: String, contact: String, texts: Set<String>) -> [Needle] {
        let entity = EntityID.messages(account: account, contact: contact).text
        var needles = [
            Needle(name: "conversation", bytes: Array(entity.utf8)),
            Needle(name: "desk's matter", bytes: Array(EntityID.encoded(entity).utf8)),
        ]
        for (first, second, name) in [(UInt8(0x12), UInt8(0x1A), "event"), (0x5A, 0x62, "action")] {
            guard account.utf8.count < 128, contact.utf8.count < 128 else { continue }
            needles.append(
                Needle(
                    name: name,
                    bytes: [first, UInt8(account.utf8.count)] + Array(account.utf8)
                        + [second, UInt8(contact.utf8.count)] + Array(contact.utf8)))
        }
        if contact.utf8.count >= leastContactBytes {
            needles.append(Needle(name: "contact", bytes: Array(contact.utf8)))
        }
        return needles
            + texts.sorted().filter { $0.utf8.count >= leastTextBytes }.map {
                Needle(name: "a text", bytes: Array($0.utf8))
            }
    }

    /// What a person wrote and nobody else did, as far as the logs still tell. To be asked before it is erased.
    package static func texts(
        account: String, contact: String, lanes: [String], namespace: String, connection: RedisConnection
    ) throws(RedisError) -> Set<String> {
        var theirs: Set<String> = []
        var others: Set<UInt64> = []
        for lane in lanes {
            let record = try LaneRecord(lane: lane, namespace: namespace, connection: connection)
            for logged in record.events {
                guard let text = logged.event.saidText, !text.isEmpty else { continue }
                if logged.event.account == account, logged.event.contact == contact {
                    theirs.insert(text)
                } else {
                    others.insert(StableHash.hash(text))
                }
            }
        }
        return theirs.filter { !others.contains(StableHash.hash($0)) }
    }

    package init(namespace: String, connection: RedisConnection, needles: [Needle]) throws(RedisError) {
        self.needles = needles
        for server in try connection.servers() {
            var cursor = "0"
            repeat {
                let reply = try server.call(RedisCommand("SCAN", cursor, "MATCH", "\(namespace):*", "COUNT", "1000"))
                cursor = reply.array?.first?.string ?? "0"
                for key in reply.array?.last?.array ?? [] {
                    guard let name = key.string else { continue }
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
        for needle in needles where Self.contains(value, needle.bytes) {
            finds.append(Find(key: key, name: needle.name))
        }
    }

    /// Whether a file's bytes hold a needle; for the spool's.
    package static func finds(in bytes: [UInt8], named name: String, _ needles: [Needle]) -> [Find] {
        needles.filter { contains(bytes, $0.bytes) }.map { Find(key: name, name: $0.name) }
    }

    private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in 0...(bytes.count - needle.count) where bytes[start] == first {
                if needle.indices.allSatisfy({ bytes[start + $0] == needle[$0] }) { return true }
            }
            return false
        }
    }
}

extension Event {
    /// What its author wrote.
    fileprivate var saidText: String? {
        switch kind {
        case .message(let message): message.text
        case .comment(let comment): comment.text
        case .edit(let edit): edit.text
        case .rating(let rating): rating.text
        case .mention(let mention): mention.text
        default: nil
        }
    }
}
