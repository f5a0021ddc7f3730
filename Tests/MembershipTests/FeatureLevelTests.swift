import Coordination
import Instants
import Membership
import Testing

@Suite("Feature levels")
struct FeatureLevelTests {
    private static let now = Instant(seconds: 1_000_000)

    private static func member(_ name: String, level: UInt64, isAlive: Bool = true) throws -> MemberRecord {
        MemberRecord(
            id: try MemberID(name: name, incarnation: 1), beatAt: now - .seconds(1),
            until: isAlive ? now + .seconds(2) : now, version: "0.\(level)", featureLevel: level,
            load: MemberLoad(runners: 1),
            held: 0)
    }

    @Test(
        "what an older living member would overlook is refused with its name and version, whatever was reached before")
    func older() throws {
        let members = [
            try Self.member("worker-b", level: 2), try Self.member("worker-a", level: 1),
            try Self.member("worker-c", level: FeatureLevel.known.rawValue),
        ]
        func standing(_ level: FeatureLevel, _ members: [MemberRecord], reached: UInt64) -> FeatureStanding {
            FeatureStanding(of: level, members: members, reached: reached, now: Self.now)
        }
        #expect(
            standing(.pausesAccounts, members, reached: 3) == .older(["worker-a 0.1", "worker-b 0.2"]))
        #expect(standing(.stopsForMoves, members, reached: 3) == .older(["worker-a 0.1"]))
        #expect(standing(.pausesAccounts, [members[2]], reached: 3) == .usable)
    }

    @Test("the dead hold nothing up; a level that nobody has raised is not used")
    func raised() throws {
        let dead = [try Self.member("worker-a", level: 1, isAlive: false)]
        #expect(
            FeatureStanding(of: .pausesAccounts, members: dead, reached: 2, now: Self.now) == .notRaised(reached: 2))
        #expect(FeatureStanding(of: .pausesAccounts, members: dead, reached: 4, now: Self.now) == .usable)
        #expect(FeatureLevel.allCases.max() == .known)
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
        let members = try cluster.control.members()
        let now = try cluster.control.state().now
        #expect(
            FeatureStanding(of: .pausesAccounts, members: members, reached: try reached(), now: now) == .older(["w3 "]))
        #expect(try reached() == FeatureLevel.known.rawValue)
        withExtendedLifetime(new) {}
    }
}
