import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("The watch over primaries", .serialized, .timeLimit(.minutes(5)))
struct PrimaryWatchTests {
    private let safe = ["appendonly yes", "maxmemory 1gb"]

    @Test("a server is judged when it is met, when it comes back as another, and again once a minute")
    func judgedAgain() throws {
        let redis = try PrivateRedis(safe)
        let watch = PrimaryWatch(LaneConnector(endpoint: redis.endpoint))
        let start = ContinuousClock.now
        let first = try watch.look(at: start)
        #expect(first.primaries.count == 1 && first.news == first.primaries && first.weaker.isEmpty)
        #expect(first.times.count == 1 && first.away.isEmpty)
        _ = try redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        #expect(try watch.look(at: start + .seconds(59)).news.isEmpty)
        let later = try watch.look(at: start + .seconds(61))
        #expect(later.news == later.weaker && later.weaker.count == 1)
        #expect(later.weaker.first?.check.refusals.first?.contains("allkeys-lru") == true)
        redis.kill()
        #expect(throws: LaneError.self) { try watch.look(at: start + .seconds(62)) }
        try redis.restart()
        let again = try watch.look(at: start + .seconds(63))
        #expect(again.news.count == 1 && again.weaker.isEmpty)
        #expect(again.news.first?.runID != first.news.first?.runID)
    }

    @Test("while a primary is away the others are checked and it is named; it is judged when it is first seen")
    func startsWithoutOne() throws {
        let cluster = try PrivateCluster(configuration: safe)
        let name = "\(cluster.primaries[1].node)"
        cluster.primaries[1].kill()
        let connector = LaneConnector(endpoint: cluster.endpoint)
        let store = try connector.open()
        let check = try store.checkDurability()
        #expect(!check.isRefused, "\(check.refusals)")
        #expect(check.warnings.count == 1 && check.warnings.allSatisfy { $0.contains(name) }, "\(check.warnings)")
        let watch = PrimaryWatch(connector)
        let first = try watch.look()
        #expect(first.primaries.count == 2 && first.away == [name])
        // Whoever starts now takes the lanes of the others.
        let lanes = try (0..<3).map { place in
            let number = try #require((0..<1_000).first { cluster.place(ofKey: "start.\($0)") == place })
            return try LaneName("start.\(number)")
        }
        let replies = try store.take(
            lanes.map { TakeRequest(lane: $0, owner: "new", assignment: 1, token: LaneToken(high: 1, low: 1)) })
        let isTaken = replies.map { if case .taken = $0 { true } else { false } }
        #expect(isTaken == [true, false, true])
        try cluster.primaries[1].restart()
        var news: [PrimarySight] = []
        try PrivateCluster.wait("it is seen") {
            let report = try watch.look()
            news += report.news
            return report.away.isEmpty && report.primaries.count == 3
        }
        #expect(news.map(\.name) == [name])
    }

    @Test("an heir with weaker settings is told of by name, whatever the primary before it kept")
    func weakerHeir() throws {
        let cluster = try PrivateCluster(withReplicas: true, configuration: safe)
        let watch = PrimaryWatch(LaneConnector(endpoint: cluster.endpoint))
        #expect(try watch.look().weaker.isEmpty)
        _ = try cluster.replicas[0].ask("CONFIG", "SET", "appendonly", "no")
        _ = try cluster.replicas[0].ask("CLUSTER", "FAILOVER", "TAKEOVER")
        let heir = "\(cluster.replicas[0].node)"
        try PrivateCluster.wait("the heir is judged") { try watch.look().weaker.map(\.name) == [heir] }
    }

    @Test("a switch waits for the replicas that its durability names, and says so where there are none")
    func switchesWait() throws {
        let redis = try PrivateRedis()
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard, durability: .replicated(1))
        #expect(throws: LaneError.notReplicated(expected: 1, got: 0)) {
            try store.setAutomation([.all], isOn: false, by: "ann")
        }
        #expect(try store.automationSwitches().off.count == 1)
    }

    @Test("a slot that somebody left half moved is told with its age, and whose it is; one that is moved is not")
    func halfMoved() throws {
        let cluster = try PrivateCluster(configuration: safe)
        let watch = PrimaryWatch(LaneConnector(endpoint: cluster.endpoint))
        let start = ContinuousClock.now
        #expect(try watch.look(at: start).moving.isEmpty)
        let control = Keyspace.standard.control("slot")
        let (from, lane) = (cluster.place(ofKey: control), cluster.name(at: 0))
        try cluster.beginMoving(slotOf: control, from: from, to: (from + 1) % 3)
        #expect(try watch.look(at: start + .seconds(9)).moving.isEmpty)
        #expect(try watch.look(at: start + .seconds(10)).moving.map(\.age) == [.zero])
        try cluster.beginMoving(slotOf: lane, from: 0, to: 1)
        let both = try watch.look(at: start + .seconds(71)).moving
        #expect(both.map(\.isControl) == [true, false] && both.map(\.isLeft) == [true, false])
        #expect(both.map(\.number) == [control, lane].map { KeySlot(of: Array($0.utf8)).number })
        try cluster.endMoving(slotOf: control, from: from, to: (from + 1) % 3)
        let last = try watch.look(at: start + .seconds(81)).moving
        #expect(last.map(\.isControl) == [false] && last.map(\.age) == [.seconds(10)])
    }
}
