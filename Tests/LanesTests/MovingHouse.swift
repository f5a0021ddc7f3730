import Contracts
import Instants
import Lanes
import Redis
import SwiftProtobuf
import TestSupport
import Testing

/// A border at which the mover's process ends, counted from 0 over all calls that it passes.
final class MoverBorder {
    private var left: Int
    private(set) var isPassed = false

    init(_ number: Int) { left = number }

    func pass(_ call: String) throws(LaneError) {
        if left == 0 {
            left = -1
            isPassed = true
            throw .invalidRequest("the mover died")
        }
        left -= 1
    }
}

/// Lanes of a few accounts with an owner that remembers, for each conversation, the numbers of its events as they were
/// decided; every conversation also has a timer, an open action and an open item.
final class MovingHouse {
    let connector: LaneConnector
    let store: LaneStore
    let topologies: TopologyStore
    private var tenures: [LaneName: Tenure] = [:]
    private var tokens: UInt64 = 0
    private var numbers: [LaneName: UInt64] = [:]
    /// What was appended, by conversation.
    private(set) var appended: [EntityID: [Int]] = [:]

    static let due = Instant(seconds: 4_000_000_000)

    init(_ endpoint: RedisEndpoint, namespace: String = "ns", berlin: Int = 3) throws {
        connector = LaneConnector(endpoint: endpoint, keyspace: try Keyspace(namespace: namespace))
        store = try connector.open(clientName: "house")
        topologies = TopologyStore(connection: store.connection, keyspace: connector.keyspace)
        let berlinName = try PartitionName("de-berlin")
        let newYork = try PartitionName("us-ny")
        let wish = TopologyWish(
            partitions: [
                berlinName: .init(market: "de", zone: "Europe/Berlin", lanes: berlin),
                newYork: .init(market: "us", zone: "America/New_York", lanes: 2),
            ], accounts: ["shop": berlinName, "deli": berlinName, "diner": newYork], teams: ["care"])
        #expect(try topologies.create(wish).isEmpty)
    }

    static let conversations =
        (0..<6).flatMap { number in
            [
                EntityID.messages(account: "shop", contact: "c\(number)"),
                .messages(account: "deli", contact: "c\(number)"),
                .comments(account: "shop", originalPost: "p\(number)", root: "r\(number)"),
                .messages(account: "diner", contact: "c\(number)"),
            ]
        }

    func mover(_ border: @escaping (String) throws(LaneError) -> Void = { _ in }) -> LaneMover {
        LaneMover(store: store, grace: .zero, border: border)
    }

    /// An empty Redis, in which every conversation has been decided and has an event waiting.
    static func fresh(_ redis: PrivateRedis) throws -> MovingHouse {
        _ = try redis.connect().call(RedisCommand("FLUSHALL"))
        let house = try MovingHouse(redis.endpoint)
        try house.append()
        try house.append()
        try house.turn()
        try house.append()
        return house
    }

    func place(_ entity: EntityID) throws -> LanePlace {
        try #require(try topologies.read().place(of: entity.laneKey))
    }

    /// The next event of a conversation, as an appender is given it.
    func event(_ entity: EntityID) throws -> LaneEvent {
        let number = appended[entity, default: []].count
        appended[entity, default: []].append(number)
        let topology = try topologies.read()
        let place = try #require(topology.place(of: entity.laneKey))
        return LaneEvent(
            lane: place.lane, id: "\(entity.text)#\(number)", bytes: Array("\(entity.text)#\(number)".utf8),
            key: entity.laneKey.text, generation: place.generation, topology: topology.number)
    }

    /// Appends the next event of each conversation straight to its lane.
    func append(_ entities: [EntityID] = conversations) throws {
        for entity in entities {
            let event = try event(entity)
            var body: [UInt8] = []
            EventFraming.append(event.bytes, to: &body)
            numbers[event.lane, default: 0] += 1
            let batch = AppendBatch(
                lane: event.lane, generation: event.generation, producer: ProducerID(1),
                number: numbers[event.lane] ?? 1, count: 1, body: body)
            guard case .held = try store.append([batch])[0] else {
                throw LaneKit.Unexpected(came: "\(event.lane) took no event")
            }
        }
    }

    /// Takes what it does not own and decides everything that is in the logs.
    func turn() throws {
        // The first finds out what it has lost.
        for _ in 0..<4 { try pass() }
    }

    private func pass() throws {
        for lane in try topologies.read().readableLanes {
            if tenures[lane] == nil { try take(lane) }
            guard let tenure = tenures[lane] else { continue }
            let request = ReadRequest(lane: lane, token: tenure.token, from: tenure.cursor.entry)
            guard case .reading(let reading) = try store.read([request])[0] else {
                tenures[lane] = nil
                try take(lane)
                continue
            }
            if !reading.isPaused, !reading.entries.isEmpty { try decide(reading, tenure) }
        }
    }

    private func take(_ lane: LaneName) throws {
        tokens += 1
        let request = TakeRequest(
            lane: lane, owner: "house", assignment: 1, token: LaneToken(high: 9, low: tokens))
        if case .taken(let tenure) = try store.take([request])[0] { tenures[lane] = tenure }
    }

    private func decide(_ reading: Reading, _ tenure: Tenure) throws {
        var commit = LaneCommit(
            lane: tenure.lane, token: tenure.token, sequence: tenure.sequence, cursor: tenure.cursor, decided: 0,
            policy: 1, now: reading.clock.now)
        var states: [EntityID: String] = [:]
        // A commit takes 512 events, an entry at most 256.
        for entry in reading.entries where commit.decided <= 256 {
            for range in try EventFraming.ranges(of: entry.body) {
                let parts = String(decoding: entry.body[range], as: UTF8.self).split(separator: "#").map(String.init)
                let entity = try EntityID(parts[0])
                let known = try states[entity] ?? state(entity, in: tenure.lane) ?? ""
                commit.decided += 1
                // An event whose append was in doubt may come twice, as it may to `decide`.
                guard !known.split(separator: " ").contains(Substring(parts[1])) else { continue }
                states[entity] = known + parts[1] + " "
                if known.isEmpty { try addPossessions(of: entity, &commit) }
            }
            commit.cursor = Position.following(entry.id)
        }
        commit.states = states.sorted { $0.key < $1.key }.map { .init(entity: $0.key, bytes: Array($0.value.utf8)) }
        switch try store.commit([commit])[0] {
        case .committed:
            tenures[tenure.lane]?.sequence += 1
            tenures[tenure.lane]?.cursor = commit.cursor
        case .wrongSequence, .fenced: tenures[tenure.lane] = nil
        case let other: throw LaneKit.Unexpected(came: "\(other)")
        }
    }

    private func addPossessions(of entity: EntityID, _ commit: inout LaneCommit) throws {
        commit.timers.append(.init(entity: entity, due: Self.due))
        var action = Action()
        action.conversation = entity.text
        commit.actions.append(
            .init(id: Self.action(of: entity), bytes: try action.serializedBytes(), nextAttempt: Instant(seconds: 77)))
        var item = OpenItem()
        item.conversation = entity.text
        commit.openItems.append(.init(entity: entity, bytes: try item.serializedBytes()))
    }

    static func action(of entity: EntityID) -> ActionID {
        ActionID(high: StableHash.hash(entity.text), low: 1)
    }

    func state(_ entity: EntityID, in lane: LaneName) throws -> String? {
        try store.states([(lane: lane, entities: [entity])])[0]?[0].map { String(decoding: $0, as: UTF8.self) }
    }

    func token(of lane: LaneName) throws -> LaneToken { try #require(tenures[lane]).token }

    struct TakenBack: Error {}

    /// A resize of one partition, or the move of the account to another.
    func begin(resizes: Bool) throws -> MoveReply {
        resizes
            ? try topologies.begin(resize: PartitionName("de-berlin"), to: 4)
            : try topologies.begin(account: "shop", to: PartitionName("us-ny"))
    }

    /// Goes on with a move until it is done, deciding whatever it waits for.
    @discardableResult
    func finish(_ move: LaneMove, _ mover: LaneMover) throws -> MoveCount {
        for _ in 0..<50 {
            switch try mover.carryOn(move) {
            case .done(let count): return count
            case .waiting: try turn()
            case .takenBack: throw TakenBack()
            }
        }
        throw LaneKit.Unexpected(came: "a move that does not end: \(try mover.carryOn(move))")
    }

    func begin(resizeTo lanes: Int) throws -> LaneMove {
        let reply = try topologies.begin(resize: try PartitionName("de-berlin"), to: lanes)
        guard case .stands(let move) = reply else { throw LaneKit.Unexpected(came: "\(reply)") }
        return move
    }

    /// Every conversation has all it had in the lane that it has now, and nothing of it is anywhere else.
    func check(_ conversations: [EntityID] = conversations) throws {
        let lanes = try topologies.read().readableLanes
        let looks = try store.look(lanes)
        var homes: [String: [LaneName]] = [:]
        for lane in lanes {
            let keys = connector.keyspace.lane(lane)
            for state in try store.allStates(lane) { homes["state " + state.entity.text, default: []].append(lane) }
            var timers = RedisCommand("ZRANGE")
            timers.add(keys.timers)
            for word in ["0", "-1", "WITHSCORES"] { timers.add(word) }
            let pairs = try store.connection.call(timers).array ?? []
            for (name, score) in zip(pairs, pairs.dropFirst()).enumerated().filter({ $0.offset % 2 == 0 }).map(
                \.element)
            {
                homes["timer \(name.string ?? "")", default: []].append(lane)
                #expect(score.int == Self.due.milliseconds)
            }
            for action in try store.recover(lane) {
                homes["action \(action.id)", default: []].append(lane)
                #expect(action.nextAttempt == Instant(seconds: 77))
            }
            for item in try store.openItems(lane) { homes["open " + item.conversation, default: []].append(lane) }
        }
        for entity in conversations {
            let lane = try place(entity).lane
            let ids = ["state \(entity)", "timer \(entity)", "action \(Self.action(of: entity))", "open \(entity)"]
            for id in ids { #expect(homes[id] == [lane], "\(id)") }
            let expected = appended[entity, default: []].map { "\($0) " }.joined()
            let found = try state(entity, in: lane)
            #expect(found == expected, "\(entity)")
            homes = homes.filter { !ids.contains($0.key) }
        }
        #expect(homes.isEmpty)
        for look in looks where look.move != "retired" {
            #expect(look.move == nil && !look.isClosed && !look.isPaused && !look.isSettling, "\(look.lane)")
            #expect(look.generation == (try topologies.read().generation(of: look.lane)), "\(look.lane)")
        }
        #expect(try topologies.moves().isEmpty)
    }
}
