import Contracts
import Instants
import Lanes
import Redis
import TestSupport
import Testing

/// A private Redis with one lane, and the calls that tests make over and over.
final class LaneKit {
    let redis: PrivateRedis
    let store: LaneStore
    let lane: LaneName
    let keys: LaneKeys
    private var tokens: UInt64 = 0
    private var numbers: [ProducerID: UInt64] = [:]

    init(_ configuration: [String] = [], durability: Durability = .everysec, virtual: Bool = false) throws {
        redis = try PrivateRedis(configuration)
        store = LaneStore(connection: try redis.connect(), keyspace: .standard, durability: durability)
        lane = try LaneName("de-berlin.0")
        keys = Keyspace.standard.lane(lane)
        if virtual {
            let made = try store.control(.create(generation: 1, isVirtual: true, offset: .zero), lane)
            guard case .done = made else { throw Unexpected(came: "\(made)") }
        }
    }

    deinit { redis.close() }

    struct Unexpected: Error {
        let came: String
    }

    static let producer = ProducerID(0xABCD)

    func batch(
        _ events: [[UInt8]], number: UInt64? = nil, producer: ProducerID = LaneKit.producer,
        bounds: LaneBounds = LaneBounds(), generation: UInt64? = nil
    ) -> AppendBatch {
        var body: [UInt8] = []
        for event in events { EventFraming.append(event, to: &body) }
        let number = number ?? (numbers[producer] ?? 0) + 1
        numbers[producer] = number
        return AppendBatch(
            lane: lane, generation: generation, producer: producer, number: number, count: events.count, body: body,
            bounds: bounds)
    }

    /// Appends events named `e0`, `e1`, … or as given, and gives their entry.
    @discardableResult
    func append(_ count: Int = 1) throws -> EntryID {
        let events = (0..<count).map { Array("event \($0)".utf8) }
        let reply = try only(try store.append([batch(events)]))
        guard case .held(let entry, _) = reply else { throw Unexpected(came: "\(reply)") }
        return entry
    }

    func take(as owner: String = "worker-a", assignment: UInt64 = 1) throws -> Tenure {
        tokens += 1
        let request = TakeRequest(
            lane: lane, owner: owner, assignment: assignment, token: LaneToken(high: 7, low: tokens))
        let reply = try only(try store.take([request]))
        guard case .taken(let tenure) = reply else { throw Unexpected(came: "\(reply)") }
        return tenure
    }

    func read(
        _ tenure: Tenure, from: EntryID? = nil, mostEntries: Int = 64, mostTimers: Int = 256, mostBytes: Int = 1 << 20
    ) throws -> Reading {
        let request = ReadRequest(
            lane: lane, token: tenure.token, from: from ?? tenure.cursor.entry, mostEntries: mostEntries,
            mostTimers: mostTimers, mostBytes: mostBytes)
        let reply = try only(try store.read([request]))
        guard case .reading(let reading) = reply else { throw Unexpected(came: "\(reply)") }
        return reading
    }

    /// A commit that decides `decided` events up to `cursor`.
    func commit(
        _ tenure: Tenure, sequence: UInt64? = nil, cursor: Position? = nil, decided: Int = 0,
        now: Instant? = nil, _ change: (inout LaneCommit) -> Void = { _ in }
    ) throws -> CommitReply {
        var commit = LaneCommit(
            lane: lane, token: tenure.token, sequence: sequence ?? tenure.sequence, cursor: cursor ?? tenure.cursor,
            decided: decided, policy: 3, now: now ?? tenure.clock.now)
        change(&commit)
        return try only(try store.commit([commit]))
    }

    func committed(
        _ tenure: inout Tenure, cursor: Position? = nil, decided: Int = 0, now: Instant? = nil,
        _ change: (inout LaneCommit) -> Void = { _ in }
    ) throws -> Committed {
        let reply = try commit(tenure, cursor: cursor, decided: decided, now: now, change)
        guard case .committed(let committed) = reply else { throw Unexpected(came: "\(reply)") }
        tenure.sequence += 1
        tenure.cursor = cursor ?? tenure.cursor
        return committed
    }

    func look() throws -> LaneLook { try only(try store.look([lane])) }

    /// Runs a plain command.
    @discardableResult
    func call(_ words: String...) throws -> RedisReply {
        var command = RedisCommand(words[0])
        for word in words.dropFirst() { command.add(word) }
        return try store.connection.call(command)
    }

    /// Every key with its whole content and time to live, as Redis serialises it.
    func dump() throws -> [String: [UInt8]] {
        var content: [String: [UInt8]] = [:]
        for key in try call("KEYS", "*").array ?? [] {
            guard let name = key.string else { continue }
            content[name] = try call("DUMP", name).bytes
        }
        return content
    }

    func only<Element>(_ elements: [Element]) throws -> Element {
        guard elements.count == 1 else { throw Unexpected(came: "\(elements.count) elements") }
        return elements[0]
    }
}

/// Listens on a lane's wake channel.
///
/// In RESP2 a subscribed connection gets what is published as replies without a call. What was published before a ping
/// comes before its answer, so one ping a message reads them without waiting for something that never comes.
final class Waker {
    private let connection: RedisConnection

    init(_ kit: LaneKit) throws {
        connection = try kit.redis.connect()
        var command = RedisCommand("SSUBSCRIBE")
        command.add(kit.keys.wakeChannel)
        _ = try connection.call(command)
    }

    /// The payloads of the next so many messages; `pong` stands for each that is missing.
    func messages(_ count: Int) throws -> [String] {
        let pings = [RedisCommand](repeating: RedisCommand("PING"), count: count)
        return try connection.pipeline(pings).map { reply in
            guard let parts = reply.array, let word = parts.first?.string else { return reply.kind }
            return word == "smessage" ? parts.last?.string ?? "" : word
        }
    }
}
