import Contracts
import Instants
import Membership
import TestEffort
import Testing

@Suite("MemberState")
struct MemberStateTests {
    /// A cluster with a leader in which `living` are alive, at one instant.
    private func view(
        _ living: [String], now: Int64 = 100_000, since: Int64 = 0, led: Bool = true
    ) throws -> (ControlState, Census) {
        let control = ControlState(
            now: at(now), reachableSince: at(since), leader: try member("leader"), term: 1,
            leaderUntil: led ? at(now + 3_000) : at(0))
        let records = try living.map {
            MemberRecord(id: try member($0), beatAt: at(now), until: at(now + 3_000))
        }
        return (control, Census(records, at: control, lease: .seconds(3)))
    }

    private func state(assigned lane: LaneName, to name: String, number: UInt64 = 5) throws -> MemberState {
        var state = MemberState(id: try member("me"))
        state.learn(lanes: [lane])
        state.learn([(lane, LaneTarget(member: try member(name), number: number))], upTo: number)
        return state
    }

    @Test("a lane assigned to it that nobody owns is taken at once, with the assignment's number")
    func freeLane() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"])
        #expect(state.interests(control, census) == [try lane(1)])
        let actions = state.beat(control, census, sights: [try lane(1): LaneSight()])
        #expect(actions == [.grant(try lane(1), assignment: 5)])
        #expect(state.beat(control, census, sights: [:]).isEmpty)
        _ = state.reported(.taken(try lane(1)))
        #expect(state.held == [try lane(1)])
    }

    @Test("a lane that a resize took out of use is not pursued, though the assignment still names it")
    func retiredLane() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"])
        state.learn(lanes: [try lane(0), try lane(2)])
        #expect(state.interests(control, census).isEmpty)
        #expect(state.beat(control, census, sights: [:]).isEmpty)
        state.learn(lanes: [try lane(0), try lane(1), try lane(2)])
        #expect(state.interests(control, census) == [try lane(1)])
    }

    @Test("the lane of a dead owner is taken at once")
    func deadOwner() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"])
        let sight = LaneSight(owner: try member("gone"), assignment: 4)
        #expect(state.beat(control, census, sights: [try lane(1): sight]) == [.grant(try lane(1), assignment: 5)])
    }

    @Test("after an outage of Redis an absent owner is asked like a living one, and nothing is adopted")
    func afterOutage() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"], since: 99_000, led: false)
        let sight = LaneSight(owner: try member("gone"), assignment: 4)
        #expect(state.beat(control, census, sights: [try lane(1): sight]) == [.ask(try lane(1))])
    }

    @Test("the lane of a living owner is asked for once, and taken when the owner released it")
    func handOver() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me", "other"])
        let sights = [try lane(1): LaneSight(owner: try member("other"), assignment: 4)]
        #expect(state.beat(control, census, sights: sights) == [.ask(try lane(1))])
        #expect(state.beat(control, census, sights: sights).isEmpty)
        #expect(state.asked == [try lane(1)])
        #expect(state.ownerReleased(try lane(1), at(100_010)) == [.grant(try lane(1), assignment: 5)])
        #expect(state.ownerReleased(try lane(1), at(100_011)).isEmpty)
    }

    @Test("a lane asked for in vain is taken at the deadline, not before")
    func deadline() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me", "other"])
        let sights = [try lane(1): LaneSight(owner: try member("other"), assignment: 4)]
        _ = state.beat(control, census, sights: sights)
        #expect(state.nextDeadline == at(102_000))
        #expect(state.passed(at(101_999)).isEmpty)
        #expect(state.passed(at(102_000)) == [.grant(try lane(1), assignment: 5)])
    }

    @Test("a lane that its living owner took with a newer number is left alone")
    func adoptedByOther() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me", "other"])
        let sights = [try lane(1): LaneSight(owner: try member("other"), assignment: 5)]
        #expect(state.beat(control, census, sights: sights).isEmpty)
        #expect(state.asked.isEmpty)
    }

    @Test("an owner keeps a lane that was assigned elsewhere until somebody asks for it")
    func giveUp() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me", "other"])
        _ = state.beat(control, census, sights: [try lane(1): LaneSight()])
        _ = state.reported(.taken(try lane(1)))
        state.learn([(try lane(1), LaneTarget(member: try member("other"), number: 9))], upTo: 9)
        let mine = LaneSight(owner: try member("me"), assignment: 5)
        #expect(state.beat(control, census, sights: [try lane(1): mine]).isEmpty)
        let asked = LaneSight(owner: try member("me"), assignment: 5, wanted: try member("other"))
        #expect(state.beat(control, census, sights: [try lane(1): asked]) == [.revoke(try lane(1))])
        #expect(state.held.isEmpty)
    }

    @Test("a lane that a runner lost is taken again if it is still its own or free, and not from a newer owner")
    func lost() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me", "other"])
        _ = state.beat(control, census, sights: [try lane(1): LaneSight()])
        _ = state.reported(.taken(try lane(1)))
        _ = state.reported(.lost(try lane(1)))
        let newer = LaneSight(owner: try member("other"), assignment: 6)
        #expect(state.beat(control, census, sights: [try lane(1): newer]).isEmpty)
        let own = LaneSight(owner: try member("me"), assignment: 5)
        #expect(state.beat(control, census, sights: [try lane(1): own]) == [.grant(try lane(1), assignment: 5)])
    }

    @Test("an order that the process does not answer is given again")
    func unanswered() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"])
        _ = state.beat(control, census, sights: [try lane(1): LaneSight()])
        let one = try lane(1)
        #expect(state.passed(at(104_999)).isEmpty && state.tenures[one] != nil)
        #expect(state.passed(at(105_000)).isEmpty && state.tenures[one] == nil)
        let (later, stillAlone) = try view(["me"], now: 105_000)
        let again = state.beat(later, stillAlone, sights: [try lane(1): LaneSight(owner: try member("me"))])
        #expect(again == [.grant(try lane(1), assignment: 5)])
    }

    @Test(
        "lanes that come, go and come again are pursued as the newest decision says, and a forgotten assignment is none"
    )
    func pursued() throws {
        var state = MemberState(id: try member("me"))
        let all = try (0..<50).map { try lane($0) }
        state.learn(lanes: all)
        let (control, census) = try view(["me", "other"])
        var random = SeededGenerator(seed: 3)
        for number in 1...40 as ClosedRange<UInt64> {
            let changed = all.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            state.learn(
                try changed.map {
                    ($0, LaneTarget(member: try member(Bool.random(using: &random) ? "me" : "other"), number: number))
                }, upTo: number)
            let mine = try all.filter { state.assignment.targets[$0]?.member == (try member("me")) }
            #expect(state.interests(control, census) == mine.sorted())
        }
        state.forgetAssignment()
        #expect(state.interests(control, census).isEmpty)
    }

    @Test("an older decision that arrives late changes nothing")
    func lateNews() throws {
        var state = try state(assigned: lane(1), to: "me", number: 9)
        state.learn([(try lane(1), LaneTarget(member: try member("other"), number: 4))], upTo: 4)
        #expect(state.assignment.targets[try lane(1)]?.member == (try member("me")))
        #expect(state.assignment.number == 9)
    }

    @Test(
        "without a leader the natural heirs adopt every lane of the dead exactly once, a bounded number per heartbeat")
    func adoption() throws {
        let names = ["w1", "w2", "w3"]
        let all = try lanes(300)
        var taken: [LaneName: Int] = [:]
        for name in names {
            var state = MemberState(id: try member(name), limits: .init(adoptionsPerBeat: 40))
            state.learn(lanes: all)
            state.learn(try all.map { ($0, LaneTarget(member: try member("gone"), number: 3)) }, upTo: 3)
            let (control, census) = try view(names, led: false)
            while true {
                let interests = state.interests(control, census)
                let dead = LaneSight(owner: try member("gone"), assignment: 3)
                let sights = Dictionary(uniqueKeysWithValues: interests.map { ($0, dead) })
                let actions = state.beat(control, census, sights: sights)
                #expect(actions.count <= 40)
                if actions.isEmpty { break }
                for case .grant(let lane, let number) in actions {
                    #expect(number == 3)
                    taken[lane, default: 0] += 1
                    _ = state.reported(.taken(lane))
                }
            }
        }
        #expect(taken.count == 300 && taken.values.allSatisfy { $0 == 1 })
    }

    @Test("with a leader, or while its lane's member lives, nothing is adopted")
    func noAdoption() throws {
        var state = try state(assigned: lane(1), to: "gone")
        let (led, census) = try view(["me"])
        #expect(state.interests(led, census).isEmpty)
        let (leaderless, both) = try view(["me", "gone"], led: false)
        #expect(state.interests(leaderless, both).isEmpty)
        #expect(state.beat(leaderless, both, sights: [try lane(1): LaneSight()]).isEmpty)
    }

    @Test("a member that leaves takes nothing, and gives up at the end what nobody asked for")
    func leaving() throws {
        var state = try state(assigned: lane(1), to: "me")
        let (control, census) = try view(["me"])
        _ = state.beat(control, census, sights: [try lane(1): LaneSight()])
        _ = state.reported(.taken(try lane(1)))
        state.isLeaving = true
        #expect(state.beat(control, census, sights: [try lane(1): LaneSight()]).isEmpty)
        #expect(state.revokeAll(at(100_100)) == [.revoke(try lane(1))])
        _ = state.reported(.released(try lane(1)))
        #expect(state.tenures.isEmpty)
        #expect(state.beat(control, census, sights: [try lane(1): LaneSight()]).isEmpty)
    }

    @Test("rendezvous hashing moves only the lanes of the member that died")
    func heirs() throws {
        let (three, two) = (try ["a", "b", "c"].map { try member($0) }, try ["a", "b"].map { try member($0) })
        for lane in try lanes(200) {
            let before = try #require(Heirs.heir(of: lane, among: three))
            let after = try #require(Heirs.heir(of: lane, among: two.reversed()))
            #expect(before == after || before == three[2])
        }
        #expect(Heirs.heir(of: try lane(1), among: []) == nil)
    }
}
