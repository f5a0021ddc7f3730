package import Redis

/// A policy bundle as it lies in Redis: opaque bytes with the number and hash that name it.
package struct StoredPolicy: Sendable, Hashable {
    package let number: UInt64
    /// 32 bytes, SHA-256 as its publisher computed it; readers check it.
    package let hash: [UInt8]
    package let bytes: [UInt8]

    package init(number: UInt64, hash: [UInt8], bytes: [UInt8]) {
        self.number = number
        self.hash = hash
        self.bytes = bytes
    }
}

package enum PublishReply: Sendable, Hashable {
    case published(number: UInt64)
    /// The bundle in force has this hash already; nothing was written.
    case same(number: UInt64)
    /// Somebody else published meanwhile; nothing was written.
    case moved(current: UInt64)
}

/// The published policies: the one in force and the 31 before it. Belongs to the thread of its connection.
package final class PolicyStore {
    private let connection: RedisConnection
    private let keyspace: Keyspace

    package static let mostBytes = 16 << 20

    package init(connection: RedisConnection, keyspace: Keyspace) {
        self.connection = connection
        self.keyspace = keyspace
    }

    package convenience init(_ connector: LaneConnector, clientName: String? = nil) throws(LaneError) {
        do {
            self.init(
                connection: try RedisConnection(connector.endpoint, clientName: clientName),
                keyspace: connector.keyspace)
        } catch {
            throw .redis(error)
        }
    }

    /// The number in force; 0 before the first publication. O(1), small: to be asked often.
    package func number() throws(LaneError) -> UInt64 {
        let reply = try call(RedisCommand("HGET", keyspace.control("slot"), "policy"))
        return UInt64(clamping: reply.int ?? 0)
    }

    /// The bundle in force; nil before the first publication.
    package func current() throws(LaneError) -> StoredPolicy? {
        let number = try number()
        return number == 0 ? nil : try load(number)
    }

    /// One of the latest 32; nil if it is older or never was.
    package func load(_ number: UInt64) throws(LaneError) -> StoredPolicy? {
        let reply = try call(RedisCommand("HGET", keyspace.control("policies"), String(number)))
        guard let bytes = reply.bytes else { return nil }
        guard bytes.count > 32 else {
            throw .unexpectedReply(
                call: "policy \(number)", came: "\(bytes.count) bytes instead of a hash and a bundle")
        }
        return StoredPolicy(number: number, hash: Array(bytes.prefix(32)), bytes: Array(bytes.dropFirst(32)))
    }

    /// Puts a bundle in force, if `expected` is still the number in force.
    ///
    /// - Parameter hash: SHA-256 of what the bundle means; 32 bytes.
    package func publish(
        _ bytes: [UInt8], hash: [UInt8], expected: UInt64
    ) throws(LaneError) -> PublishReply {
        guard hash.count == 32, (1...Self.mostBytes).contains(bytes.count) else {
            throw .invalidRequest(
                "expected a hash of 32 bytes and a bundle of 1 to \(Self.mostBytes) bytes, got \(hash.count) and \(bytes.count)"
            )
        }
        let reply = try StoreLibrary.functions.call(
            "publish", keys: [keyspace.control("slot"), keyspace.control("policies")], on: connection
        ) { command in
            command.add(expected)
            command.add(hash)
            command.add(bytes)
            command.add(keyspace.control("wake"))
        }
        guard reply.count == 2, let number = reply[1].int.map(UInt64.init(clamping:)) else {
            throw .unexpectedReply(call: "publish", came: "\(reply.count) values")
        }
        switch reply[0].string {
        case "published": return .published(number: number)
        case "same": return .same(number: number)
        case "moved": return .moved(current: number)
        default: throw .unexpectedReply(call: "publish", came: reply[0].kind)
        }
    }

    private func call(_ command: RedisCommand) throws(LaneError) -> RedisReply {
        do { return try connection.call(command) } catch { throw .redis(error) }
    }
}
