import Contracts
import Redis
import TestSupport
import Testing

@testable import Lanes

@Suite("The last seconds of what was held")
struct AppendTailTests {
    @Test(
        "a Redis that lost its tail is offered it again, in order and once, though nothing new comes",
        arguments: [false, true])
    func lostTail(keepsHalf: Bool) async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        var limits = AppenderLimits()
        // However slow this machine is.
        limits.tailAge = .seconds(600)
        let appender = LaneAppender(connector: LaneConnector(endpoint: redis.endpoint), limits: limits)
        let lane = try LaneName("de-berlin.0")
        for number in 0..<100 {
            if number == 50, keepsHalf { _ = try redis.connect().call(RedisCommand("SAVE")) }
            let event = LaneEvent(lane: lane, id: "\(number)", bytes: [UInt8(number)])
            guard case .held = await appender.append([event])[0] else {
                Issue.record("expected event \(number) to be held")
                return
            }
        }
        redis.kill()
        try redis.restart()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let end = ContinuousClock.now + .seconds(120)
        while try store.look([lane])[0].appended < 100 { try #require(ContinuousClock.now < end) }
        _ = await appender.append([LaneEvent(lane: lane, id: "100", bytes: [100])])
        appender.stop()
        #expect(try LaneAppenderTests.events(store, lane).map(\.bytes) == (0...100).map { [UInt8($0)] })
    }

    @Test("nothing of a lane ages while its server is away, whatever others do; a lane whose server is back ages again")
    func ageing() throws {
        let (near, far) = (try LaneName("de-berlin.0"), try LaneName("de-berlin.1"))
        var tail = AppendTail(age: .seconds(10), mostBytes: 1_000)
        let start = ContinuousClock.now
        tail.keep(batch(near, 1), at: start, ages: false)
        tail.keep(batch(far, 1), at: start, ages: false)
        let (one, two) = (identity("one"), identity("two"))
        let both: [LaneName: AppendTail.Sighting] = [
            near: .here(one, before: one), far: .here(two, before: two),
        ]
        #expect(tail.look(both, at: start + .seconds(5)).isEmpty && tail.lanes == [near, far])
        let farAway: [LaneName: AppendTail.Sighting] = [near: .here(one, before: one), far: .away]
        #expect(tail.look(farAway, at: start + .seconds(40)).isEmpty && tail.lanes == [far])
        #expect(tail.look(both, at: start + .seconds(41)).isEmpty && tail.isEmpty)
    }

    @Test("of a lane whose server is another one everything is offered again, oldest first, and of no other lane")
    func otherServer() throws {
        let (near, far) = (try LaneName("de-berlin.0"), try LaneName("de-berlin.1"))
        var tail = AppendTail(age: .seconds(10), mostBytes: 1_000)
        let start = ContinuousClock.now
        for number in 1...3 {
            tail.keep(batch(near, UInt64(number)), at: start, ages: false)
            tail.keep(batch(far, UInt64(number)), at: start, ages: false)
        }
        let (one, two, three) = (identity("one"), identity("two"), identity("three"))
        #expect(tail.look([near: .here(one, before: one), far: .here(two, before: two)], at: start).isEmpty)
        // The replica stands in long after the age.
        let later = start + .seconds(60)
        #expect(tail.look([near: .away, far: .away], at: later).isEmpty)
        let again = tail.look([near: .away, far: .here(three, before: nil)], at: later)
        #expect(again.map(\.number) == [1, 2, 3] && again.allSatisfy { $0.lane == far })
        #expect(tail.lanes == [near])
    }

    @Test("what was held since the last look counts as lost unless it is sure that the same server held it")
    func unsure() throws {
        let lane = try LaneName("de-berlin.0")
        var tail = AppendTail(age: .seconds(10), mostBytes: 1_000)
        let start = ContinuousClock.now
        tail.keep(batch(lane, 1), at: start, ages: false)
        #expect(tail.look([lane: .here(identity("one"), before: nil)], at: start).count == 1)
        // It was held again by the server that was seen then.
        tail.keep(batch(lane, 1), at: start, ages: false)
        #expect(tail.look([lane: .here(identity("one"), before: nil)], at: start).isEmpty && !tail.isEmpty)
    }

    @Test("past its bound of bytes the oldest leave, whether they age or not", arguments: [false, true])
    func bound(ages: Bool) throws {
        let lane = try LaneName("de-berlin.0")
        var tail = AppendTail(age: .seconds(10), mostBytes: 25)
        let start = ContinuousClock.now
        for number in 1...4 { tail.keep(batch(lane, UInt64(number)), at: start, ages: ages) }
        #expect(tail.look([lane: .here(identity("one"), before: nil)], at: start).map(\.number) == [3, 4])
    }

    private func batch(_ lane: LaneName, _ number: UInt64) -> AppendBatch {
        AppendBatch(
            lane: lane, producer: ProducerID(1), number: number, count: 1, body: Array(repeating: 0, count: 10))
    }

    private func identity(_ name: String) -> ServerIdentity { ServerIdentity(runID: name, replicationID: name) }
}
