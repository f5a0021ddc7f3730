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
            answer: .milliseconds(500), placement: even)
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
        let owned = LaneSight(owner: try member("a"), assignment: 5)
        let made = try round(
            6, before, Census(records, at: state, lease: .seconds(3)), [try lane(0): owned, try lane(1): owned])
        #expect(made.moves.map(\.lane) == [try lane(2), try lane(3), try lane(4)])
        #expect(made.moves.allSatisfy { $0.member.name == "b" })

        let alone = try round(6, before, Census([records[0]], at: state, lease: .seconds(3)))
        #expect(alone.moves.count == 4 && alone.moves.allSatisfy { $0.member.name == "a" })
    }

    @Test("a member that does not beat after it was given a lane of the dead loses it to the next, not before its time")
    func unanswered() throws {
        let records = [
            MemberRecord(id: try member("a"), beatAt: at(99_200), until: at(102_200)),
            MemberRecord(id: try member("b"), beatAt: at(99_900), until: at(102_900)),
        ]
        let census = Census(records, at: ControlState(now: at(100_000), reachableSince: at(0)), lease: .seconds(3))
        let mine = [try lane(1): LaneSight(owner: try member("a"), assignment: 5)]
        func moves(givenAt number: Int64) throws -> LeaderRound {
            var before = try assigned([(1, "a"), (2, "b")])
            before.learn([(try lane(0), LaneTarget(member: try member("a"), number: UInt64(number)))], upTo: 99_999)
            return try round(3, before, census, mine)
        }
        let late = try moves(givenAt: 99_500)
        #expect(late.moves == [PlacementMove(lane: try lane(0), member: try member("b"))])
        // Its time is not over, or it beat since, or the numbers have run ahead of the clock.
        for given in [Int64(99_501), 99_200, 5, 2_000_000] {
            let waits = try moves(givenAt: given)
            #expect(waits.moves.isEmpty && waits.isAwaiting, "given at \(given)")
        }
    }

    @Test("a member that does not answer keeps what it owns, and gets all if nobody else is there")
    func unansweredAlone() throws {
        let records = [MemberRecord(id: try member("a"), beatAt: at(99_200), until: at(102_200))]
        let census = Census(records, at: ControlState(now: at(100_000), reachableSince: at(0)), lease: .seconds(3))
        var before = try assigned([(1, "a")])
        before.learn([(try lane(0), LaneTarget(member: try member("a"), number: 99_300))], upTo: 99_300)
        let made = try round(
            3, before, census, [try lane(1): LaneSight(owner: try member("a"), assignment: 5)])
        #expect(made.moves == [PlacementMove(lane: try lane(2), member: try member("a"))])
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
