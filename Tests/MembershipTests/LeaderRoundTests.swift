import Contracts
import Coordination
import Instants
import Membership
import Testing

@Suite("LeaderRound")
struct LeaderRoundTests {
    private let even: Placement = { EvenPlacement.plan($0) }

    private func census(_ living: [String], since: Int64 = 0) throws -> Census {
        Census(
            try living.map { MemberRecord(id: try member($0), beatAt: at(100_000), until: at(103_000)) },
            at: ControlState(now: at(100_000), reachableSince: at(since)), lease: .seconds(3))
    }

    private func assigned(_ places: [(Int, String)], number: UInt64 = 5) throws -> Assignment {
        var assignment = Assignment()
        assignment.learn(
            try places.map { (lane: try lane($0.0), target: LaneTarget(member: try member($0.1), number: number)) },
            upTo: number)
        return assignment
    }

    private func round(
        _ count: Int, _ assignment: Assignment, _ census: Census, _ sights: [LaneName: LaneSight] = [:],
        share: Int = 100
    ) throws -> LeaderRound {
        LeaderRound(
            lanes: try lanes(count), assignment: assignment, census: census, sights: sights, share: share,
            placement: even)
    }

    @Test("a lane adopted by a living member while nobody led is written down as its own and not moved")
    func ratifies() throws {
        let sights = [try lane(0): LaneSight(owner: try member("b"), assignment: 5)]
        let made = try round(2, assigned([(0, "a"), (1, "a")]), census(["a", "b"]), sights)
        #expect(made.moves == [PlacementMove(lane: try lane(0), member: try member("b"))])
        #expect(made.underWay == 0)
    }

    @Test("a member that was not heard for half a lease keeps its lanes and is given none of the dead's")
    func silent() throws {
        let records = [
            MemberRecord(id: try member("a"), beatAt: at(98_400), until: at(101_400)),
            MemberRecord(id: try member("b"), beatAt: at(99_500), until: at(102_500)),
        ]
        let state = ControlState(now: at(100_000), reachableSince: at(0))
        let before = try assigned([(0, "a"), (1, "a"), (2, "dead"), (3, "dead"), (4, "dead"), (5, "b")])
        let made = try round(6, before, Census(records, at: state, lease: .seconds(3)))
        #expect(made.moves.map(\.lane) == [try lane(2), try lane(3), try lane(4)])
        #expect(made.moves.allSatisfy { $0.member.name == "b" })

        let alone = try round(6, before, Census([records[0]], at: state, lease: .seconds(3)))
        #expect(alone.moves.count == 4 && alone.moves.allSatisfy { $0.member.name == "a" })
    }

    @Test("a hand-over under way is left to end, and counts against the share")
    func underWay() throws {
        let sights = [try lane(0): LaneSight(owner: try member("a"), assignment: 4)]
        let before = try assigned([(0, "b"), (1, "a"), (2, "a"), (3, "a")])
        let made = try round(4, before, census(["a", "b"]), sights, share: 1)
        #expect(made.moves.isEmpty && made.underWay == 1)
        #expect(try round(4, before, census(["a", "b"]), sights, share: 2).moves.count == 1)
    }

    @Test("if the heir dies before it has the lane, the lane stays with its living owner")
    func heirDied() throws {
        let sights = [try lane(0): LaneSight(owner: try member("a"), assignment: 4)]
        let made = try round(1, assigned([(0, "gone")]), census(["a", "b"]), sights)
        #expect(made.moves == [PlacementMove(lane: try lane(0), member: try member("a"))])
    }

    @Test("before anybody may be declared dead, lanes of members not seen stay, and lanes of nobody are placed")
    func cannotJudge() throws {
        let made = try round(2, assigned([(0, "away")]), census(["a"], since: 99_000))
        #expect(made.moves == [PlacementMove(lane: try lane(1), member: try member("a"))])
        let later = try round(2, assigned([(0, "away")]), census(["a"]))
        #expect(later.moves.map(\.lane) == (try lanes(2)))
    }

    @Test("with nobody alive nothing is written")
    func nobody() throws {
        #expect(try round(3, assigned([(0, "gone")]), census([])).moves.isEmpty)
    }
}
