import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("Group commit for producers")
struct LaneAppenderTests {
    @Test("events of many lanes are held in the order given, each once, with their places")
    func order() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let appender = LaneAppender(connector: LaneConnector(endpoint: redis.endpoint))
        let lanes = try (0..<5).map { try LaneName("de-berlin.\($0)") }
        let events = (0..<3_000).map { number in
            LaneEvent(lane: lanes[number % 5], id: "\(number)", bytes: Array("event \(number)".utf8))
        }
        let results = await appender.append(events)
        appender.stop()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        for (number, lane) in lanes.enumerated() {
            var expected: [Position: [UInt8]] = [:]
            for index in stride(from: number, to: events.count, by: 5) {
                guard case .held(let position?) = results[index] else {
                    Issue.record("expected event \(index) to be held, got \(results[index])")
                    return
                }
                expected[position] = events[index].bytes
            }
            let stored = try Self.events(store, lane)
            #expect(stored.count == 600)
            for (place, bytes) in stored { #expect(expected[place] == bytes) }
            #expect(stored.map(\.bytes) == stride(from: number, to: 3_000, by: 5).map { events[$0].bytes })
        }
    }

    @Test("callers at the same time share batches, and a blocking caller gets the same answers")
    func grouping() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let appender = LaneAppender(connector: LaneConnector(endpoint: redis.endpoint))
        let lane = try LaneName("de-berlin.0")
        try await withThrowingTaskGroup(of: [AppendResult].self) { group in
            for caller in 0..<50 {
                group.addTask {
                    await appender.append(
                        (0..<40).map { LaneEvent(lane: lane, id: "\(caller)/\($0)", bytes: [UInt8(caller)]) })
                }
            }
            for try await results in group {
                #expect(results.allSatisfy { if case .held = $0 { true } else { false } })
            }
        }
        #expect(appender.appendBlocking([LaneEvent(lane: lane, id: "x", bytes: [1])]).count == 1)
        appender.stop()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let look = try store.look([lane])[0]
        let entries = try store.log(lane, most: 1_000).count
        #expect(look.appended == 2_001)
        #expect(entries < 300, "expected batches, got \(entries) entries for 2001 events")
    }

    @Test("a server that is stopped and killed under load loses no answer: what is held is held once, in order")
    func lostReplies() async throws {
        let redis = try PrivateRedis(["appendonly yes", "appendfsync always"])
        defer { redis.close() }
        var endpoint = redis.endpoint
        endpoint.timeouts = .init(connect: .milliseconds(200), reply: .milliseconds(200))
        let appender = LaneAppender(connector: LaneConnector(endpoint: endpoint))
        let lane = try LaneName("de-berlin.0")
        var held: [Int] = []
        var offered = 0
        for round in 0..<6 {
            let calls = (0..<20).map { call in
                (0..<10).map { offered + call * 10 + $0 }
            }
            offered += 200
            async let answers = withTaskGroup(of: [(Int, AppendResult)].self) { group in
                for numbers in calls {
                    group.addTask {
                        let events = numbers.map {
                            LaneEvent(lane: lane, id: "\($0)", bytes: Array("\($0)".utf8))
                        }
                        return Array(zip(numbers, await appender.append(events)))
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            if round % 2 == 0 {
                redis.pause()
                redis.kill()
                try redis.restart()
            }
            for (number, result) in await answers {
                guard case .held = result else {
                    Issue.record("expected event \(number) to be held, got \(result)")
                    return
                }
                held.append(number)
            }
        }
        appender.stop()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let stored = try Self.events(store, lane).map { Int(String(decoding: $0.bytes, as: UTF8.self)) ?? -1 }
        #expect(Set(stored).count == stored.count, "an event is in the log twice")
        #expect(Set(stored) == Set(held) && held.count == 1_200)
    }

    @Test("a closed lane refuses, an event that is too large is refused by itself, a stopped appender refuses all")
    func refusals() async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let appender = LaneAppender(connector: LaneConnector(endpoint: redis.endpoint))
        let (open, closed) = (try LaneName("de-berlin.0"), try LaneName("de-berlin.1"))
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        _ = try store.control(.create(generation: 1, isVirtual: false, offset: .zero), closed)
        _ = try store.control(.close, closed)
        let large = [UInt8](repeating: 0, count: EventFraming.mostEventBytes + 1)
        let results = await appender.append([
            LaneEvent(lane: closed, id: "a", bytes: [1]), LaneEvent(lane: open, id: "b", bytes: large),
            LaneEvent(lane: open, id: "c", bytes: [2]),
        ])
        #expect(results[0] == .refused(.closed))
        #expect(results[1] == .refused(.tooLarge(bytes: large.count)))
        guard case .held = results[2] else {
            Issue.record("expected held, got \(results[2])")
            return
        }
        appender.stop()
        #expect(await appender.append([LaneEvent(lane: open, id: "d", bytes: [3])]) == [.refused(.stopped)])
    }

    @Test("without a server an event is refused as unreachable once its patience ends")
    func unreachable() async throws {
        let endpoint = RedisEndpoint.unix("/nonexistent/redis.sock")
        let limits = AppenderLimits(patience: .milliseconds(120))
        let appender = LaneAppender(connector: LaneConnector(endpoint: endpoint), limits: limits)
        let results = await appender.append([LaneEvent(lane: try LaneName("de-berlin.0"), id: "a", bytes: [1])])
        guard case .refused(.unreachable) = results[0] else {
            Issue.record("expected unreachable, got \(results[0])")
            return
        }
        appender.stop()
    }

    @Test("more than the bound is refused as busy")
    func busy() async throws {
        let endpoint = RedisEndpoint.unix("/nonexistent/redis.sock")
        let limits = AppenderLimits(mostQueued: 3, patience: .milliseconds(50))
        let appender = LaneAppender(connector: LaneConnector(endpoint: endpoint), limits: limits)
        let lane = try LaneName("de-berlin.0")
        let events = (0..<4).map { LaneEvent(lane: lane, id: "\($0)", bytes: [1]) }
        #expect(await appender.append(events) == Array(repeating: .refused(.busy), count: 4))
        appender.stop()
    }

    static func events(_ store: LaneStore, _ lane: LaneName) throws -> [(place: Position, bytes: [UInt8])] {
        var events: [(place: Position, bytes: [UInt8])] = []
        var after = EntryID.start
        while true {
            let page = try store.log(lane, after: after, most: 500)
            guard let last = page.last else { return events }
            after = last.id
            for entry in page {
                for (index, range) in try EventFraming.ranges(of: entry.body).enumerated() {
                    events.append((Position(entry: entry.id, index: index), Array(entry.body[range])))
                }
            }
        }
    }
}
