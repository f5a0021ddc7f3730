import Contracts
import Instants
import Membership
import Testing

@testable import Coordination
@testable import Lanes

@Suite("What the leader saw of the lanes last")
struct LaneWatchTests {
    private static let start = ContinuousClock.now
    private static let lease = Duration.seconds(3)

    private static func basis(_ change: (inout LaneWatch.Basis) -> Void = { _ in }) throws -> LaneWatch.Basis {
        var basis = LaneWatch.Basis(
            topology: 1, assignment: 2, living: [try member("a"), try member("b")], silent: [], canJudge: true)
        change(&basis)
        return basis
    }

    private static func looks(pending: UInt64 = 0, wantedBy: String? = nil) throws -> [LaneName: LaneGlance] {
        let lane = try lane(0)
        return [
            lane: LaneGlance(
                lane: lane, owner: try member("a").text, wantedBy: wantedBy, assignment: 2, cursor: .start,
                lastEntry: .start, nextDue: nil, isPaused: false, appended: 5 + pending, decided: 5, now: at(0),
                offset: .zero, serverTime: at(0))
        ]
    }

    private static func watch(_ looks: [LaneName: LaneGlance]) throws -> LaneWatch {
        var watch = LaneWatch()
        watch.take(looks, of: try basis(), at: start)
        return watch
    }

    @Test("a look stands for a lease while nothing happens, and not a moment longer")
    func quiet() throws {
        let watch = try Self.watch(Self.looks())
        let basis = try Self.basis()
        #expect(watch.stands(on: basis, for: Self.lease, now: Self.start + .milliseconds(2_999)))
        #expect(!watch.stands(on: basis, for: Self.lease, now: Self.start + Self.lease))
        #expect(!LaneWatch().stands(on: basis, for: Self.lease, now: Self.start))
    }

    @Test("it stands no more once a member died, came or fell silent, or topology or assignment changed")
    func changed() throws {
        let watch = try Self.watch(Self.looks())
        let (gone, silent) = (try member("b"), Set([try member("b")]))
        let others = [
            try Self.basis { $0.living.removeAll { $0 == gone } }, try Self.basis { $0.silent = silent },
            try Self.basis { $0.canJudge = false }, try Self.basis { $0.topology += 1 },
            try Self.basis { $0.assignment += 1 },
        ]
        for other in others { #expect(!watch.stands(on: other, for: Self.lease, now: Self.start), "\(other)") }
    }

    @Test("it does not stand while events are undecided, a lane is asked for, or lanes are on the move")
    func moving() throws {
        let basis = try Self.basis()
        for looks in [try Self.looks(pending: 1), try Self.looks(wantedBy: try member("b").text)] {
            #expect(!(try Self.watch(looks).stands(on: basis, for: Self.lease, now: Self.start)))
        }
        var watch = try Self.watch(Self.looks())
        watch.stir()
        #expect(!watch.stands(on: basis, for: Self.lease, now: Self.start))
        #expect(watch.looks.count == 1)
    }
}
