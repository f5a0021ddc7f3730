import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("The last seconds of what was held")
struct AppendTailTests {
    @Test(
        "a Redis that lost its tail is offered it again, in order and once, though nothing new comes",
        arguments: [false, true])
    func lostTail(keepsHalf: Bool) async throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let appender = LaneAppender(connector: LaneConnector(endpoint: redis.endpoint))
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
        let end = ContinuousClock.now + .seconds(20)
        while try store.look([lane])[0].appended < 100 { try #require(ContinuousClock.now < end) }
        _ = await appender.append([LaneEvent(lane: lane, id: "100", bytes: [100])])
        appender.stop()
        #expect(try LaneAppenderTests.events(store, lane).map(\.bytes) == (0...100).map { [UInt8($0)] })
    }
}
