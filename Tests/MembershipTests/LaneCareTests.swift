import Contracts
import Lanes
import TestSupport
import Testing

@testable import Coordination

@Suite("What the leader looks after, since nobody else does")
struct LaneCareTests {
    @Test("of lanes that decide far more than others five are told, and only while they do")
    func hotLanes() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let lanes = try (0..<100).map { try LaneName("de-berlin.\($0)") }
        func decided(_ hot: UInt64) -> [UInt64?] {
            lanes.indices.map { $0 < 7 ? hot + UInt64($0) * 1_000 : $0 == 99 ? nil : 10 }
        }
        var care = LaneCare()
        let start = ContinuousClock.now
        try care.look(lanes, decided(0), store, now: start)
        try care.look(lanes, decided(10_000), store, now: start + .seconds(9))
        #expect(care.hot.isEmpty)
        try care.look(lanes, decided(20_000), store, now: start + .seconds(10))
        #expect(care.hot.map(\.lane) == lanes.prefix(LaneCare.mostHot).sorted())
        #expect(care.hot.allSatisfy { $0.rate == 2_000 && $0.talkers.isEmpty })
        try care.look(lanes, decided(20_000), store, now: start + .seconds(20))
        #expect(care.hot.isEmpty)
    }

    @Test("a retired lane is trimmed, as long as the policy says, and nothing that is in use")
    func retiredLanes() throws {
        let redis = try PrivateRedis()
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard)
        let lanes = [try LaneName("de-berlin.0"), try LaneName("de-berlin.1")]
        for lane in lanes {
            var body: [UInt8] = []
            EventFraming.append([1, 2, 3], to: &body)
            let batch = AppendBatch(lane: lane, producer: ProducerID(1), number: 1, count: 1, body: body)
            guard case .held(let entry, _) = try store.append([batch])[0],
                case .taken(let tenure) = try store.take([
                    TakeRequest(lane: lane, owner: "o", assignment: 1, token: LaneToken(high: 1, low: 1))
                ])[0]
            else {
                Issue.record("expected it to be held and taken")
                return
            }
            let commit = LaneCommit(
                lane: lane, token: tenure.token, sequence: tenure.sequence, cursor: .following(entry), decided: 1,
                policy: 1, now: tenure.clock.now)
            guard case .committed = try store.commit([commit])[0] else {
                Issue.record("expected it to be committed")
                return
            }
        }
        var care = LaneCare()
        let start = ContinuousClock.now
        care.learn(retired: [lanes[1]])
        try care.trim(store, now: start)
        #expect(try lanes.map { try store.log($0).count } == [1, 1])
        care.retention = Retention(mostLogBytes: 0)
        try care.trim(store, now: start + .seconds(59))
        #expect(try lanes.map { try store.log($0).count } == [1, 1])
        try care.trim(store, now: start + .seconds(60))
        #expect(try lanes.map { try store.log($0).count } == [1, 0])
    }
}
