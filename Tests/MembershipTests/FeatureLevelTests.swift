import Coordination
import Instants
import Lanes
import Membership
import Redis
import TestSupport
import Testing

@Suite("Feature levels")
struct FeatureLevelTests {
    private static let now = Instant(seconds: 1_000_000)

    private static func worker(_ name: String, level: UInt64, isAlive: Bool = true) throws -> Release {
        Release(
            MemberRecord(
                id: try MemberID(name: name, incarnation: 1), beatAt: now - .seconds(1),
                until: isAlive ? now + .seconds(2) : now, version: "0.\(level)", featureLevel: level))
    }

    private static func standing(
        _ level: FeatureLevel, _ releases: [Release], reached: UInt64, leader: MemberID? = nil
    ) -> FeatureStanding {
        FeatureStanding(
            of: level, releases: releases,
            at: ControlState(
                now: now, reachableSince: .epoch, leader: leader, leaderUntil: now + .seconds(1),
                numbers: .init(features: reached)))
    }

    @Test(
        "what an older living process would overlook is refused, whatever was reached before, and the process is named")
    func older() throws {
        let releases = [
            try Self.worker("worker-b", level: 2), try Self.worker("worker-a", level: 1),
            try Self.worker("worker-c", level: FeatureLevel.known.rawValue),
            Release(
                id: try MemberID(name: "i1", incarnation: 1), role: "ingress", version: "0.2", featureLevel: 2,
                beatAt: Self.now, until: Self.now + .seconds(9)),
        ]
        #expect(
            Self.standing(.pausesAccounts, releases, reached: 3)
                == .older(["ingress i1 0.2", "worker worker-a 0.1", "worker worker-b 0.2"]))
        #expect(Self.standing(.stopsForMoves, releases, reached: 3) == .older(["worker worker-a 0.1"]))
        #expect(Self.standing(.pausesAccounts, [releases[2]], reached: 3) == .usable)
    }

    @Test("the dead hold nothing up; a level that nobody has raised is not used")
    func raised() throws {
        let dead = [try Self.worker("worker-a", level: 1, isAlive: false)]
        #expect(Self.standing(.pausesAccounts, dead, reached: 2) == .notRaised(reached: 2))
        #expect(Self.standing(.pausesAccounts, dead, reached: 4) == .usable)
        #expect(FeatureLevel.allCases.max() == .known)
    }

    @Test("a leader that does not say what it knows is of a release before leaders did, whatever was reached")
    func silentLeader() throws {
        let leader = try MemberID(name: "c1", incarnation: 1)
        let worker = try Self.worker("worker-a", level: FeatureLevel.known.rawValue)
        #expect(Self.standing(.pausesAccounts, [worker], reached: 9, leader: leader) == .usable)
        guard case .older(let names) = Self.standing(.givesLateOrders, [worker], reached: 9, leader: leader) else {
            Issue.record("expected the leader to be named")
            return
        }
        #expect(names.count == 1 && names[0].hasPrefix("coordinator c1"))
        let said = Release(
            id: leader, role: "coordinator", version: "1", featureLevel: FeatureLevel.known.rawValue,
            beatAt: Self.now, until: Self.now + .seconds(9))
        #expect(Self.standing(.givesLateOrders, [worker, said], reached: 9, leader: leader) == .usable)
    }

    @Test("the leader raises the level once the last older member is gone, and names one that comes back")
    func rolledForwardAndBack() throws {
        let cluster = try Cluster(lease: .seconds(2))
        let coordinator = try cluster.coordinate("c1")
        func reached() throws -> UInt64 { try cluster.control.state().numbers.features }
        let old = try cluster.join("w1", level: .stopsForMoves)
        #expect(try cluster.comes { try reached() == FeatureLevel.stopsForMoves.rawValue })
        let new = try cluster.join("w2")
        #expect(cluster.chronicle.wait { cluster.counts()?.count == 2 })
        #expect(try reached() == FeatureLevel.stopsForMoves.rawValue)
        old.kill()
        #expect(try cluster.comes { try reached() == FeatureLevel.known.rawValue })
        #expect(coordinator.standing.older == 0)
        _ = try cluster.join("w3", level: .stopsForMoves)
        #expect(try cluster.comes { coordinator.standing.older == 1 })
        // It has its lanes: a house that is rolled back must not stand still.
        #expect(cluster.chronicle.wait { (cluster.counts()?.count ?? 0) == 2 })
        #expect(try FeatureStanding(of: .pausesAccounts, cluster.control) == .older(["worker w3 "]))
        #expect(try reached() == FeatureLevel.known.rawValue)
        withExtendedLifetime(new) {}
    }

    @Test("a house without workers is at its leader's level, which no member's raises further")
    func withoutWorkers() throws {
        #expect(FeatureLevel.reachable(by: [], leader: 3) == 3)
        #expect(FeatureLevel.reachable(by: [2, 9], leader: 3) == 2)
        #expect(FeatureLevel.reachable(by: [9], leader: 3) == 3)
        let cluster = try Cluster(lease: .milliseconds(500))
        try cluster.coordinate("c1")
        #expect(try cluster.comes { try cluster.control.state().numbers.features == FeatureLevel.known.rawValue })
    }

    @Test("an ingress and a coordinator of an older release hold the level down, and are named once it was raised")
    func otherRoles() throws {
        let cluster = try Cluster(lease: .seconds(1))
        let old = FeatureLevel.stopsForMoves.rawValue
        func reached() throws -> UInt64 { try cluster.control.state().numbers.features }
        let ingress = try member("i1")
        /// As the process does once a second.
        func attends() throws {
            try cluster.control.attend(ingress, role: "ingress", version: "0.9", featureLevel: old)
        }
        try attends()
        let follower = try cluster.coordinate("c2", level: .stopsForMoves)
        #expect(try cluster.comes { try reached() == old })
        let coordinator = try cluster.coordinate("c1")
        _ = try cluster.join("w1")
        #expect(
            try cluster.comes {
                try attends()
                return try cluster.control.releases().count == 4 && cluster.counts()?.count == 1
            })
        // It leads from now on, and goes by the older ingress.
        follower.resign()
        #expect(
            try cluster.comes {
                try attends()
                return coordinator.standing.isLeading(at: .now) && coordinator.standing.planTook != nil
            })
        #expect(try reached() == old)
        #expect(
            try FeatureStanding(of: .pausesAccounts, cluster.control) == .older(["ingress i1 0.9"]))
        try cluster.control.leaveAttendance(ingress)
        #expect(try cluster.comes { try reached() == FeatureLevel.known.rawValue })
        #expect(
            try cluster.comes {
                try attends()
                return coordinator.standing.older == 1
            })
        // Keys that somebody edited are no reason not to lead.
        _ = try cluster.control.connection.call(RedisCommand("SET", "ns:{ctl}:releases", "x"))
        let term = try cluster.control.state().term
        _ = try cluster.join("w2")
        #expect(try cluster.comes { cluster.isEven(2) })
        #expect(try cluster.control.state().term == term)
    }

    @Test("who attends is listed for ten seconds; a record that is over, or cannot be read, goes for a new one")
    func attending() throws {
        let server = try PrivateRedis()
        let store = ControlStore(connection: try server.connect(), keyspace: .standard)
        let (first, second) = (try member("i1"), try member("i2"))
        #expect(try store.attend(first, role: "ingress", version: "1|2", featureLevel: 7))
        let record = try #require(try store.attending().first)
        #expect(record.id == first && record.role == "ingress" && record.version == "1|2" && record.featureLevel == 7)
        #expect(record.until == record.beatAt + ControlStore.attendance && record.isCurrent(at: record.beatAt))
        let hash = store.keyspace.control("releases")
        _ = try store.connection.call(
            RedisCommand(
                "HSET", hash, try member("x").text, "1|2|3|ingress|v", try member("y").text, "nonsense",
                try member("z").text, "9000000000000|9000000000001|3|ingress|v"))
        #expect(try store.attend(second, role: "ingress", version: ""))
        #expect(try store.attending().map(\.id) == [first, second])
        let now = try store.state().now.milliseconds
        var fill = RedisCommand("HSET")
        fill.add(hash)
        for index in 2..<ControlStore.mostReleases {
            fill.add(try member("f\(index)").text)
            fill.add("\(now)|\(now + 60_000)|3|ingress|v")
        }
        _ = try store.connection.call(fill)
        #expect(try !store.attend(try member("late"), role: "ingress", version: ""))
        #expect(try store.attend(first, role: "ingress", version: ""))
        try store.leaveAttendance(second)
        #expect(try store.attend(try member("late"), role: "ingress", version: ""))
    }
}
