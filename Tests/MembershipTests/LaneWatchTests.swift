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
        let both = [try member("a"), try member("b")]
        var basis = LaneWatch.Basis(
            topology: 1, assignment: 2, living: both, placeable: both, silent: [], canJudge: true)
        change(&basis)
        return basis
    }

    private static func glance(_ index: Int = 0, pending: UInt64 = 0, wantedBy: String? = nil) throws -> LaneGlance {
        LaneGlance(
            lane: try lane(index), owner: try member("a").text, wantedBy: wantedBy, assignment: 2, cursor: .start,
            lastEntry: .start, nextDue: nil, isPaused: false, appended: 5 + pending, decided: 5, now: at(0),
            offset: .zero, serverTime: at(0))
    }

    private static func watch(_ glances: [LaneGlance], lanes count: Int = 1) throws -> LaneWatch {
        var watch = LaneWatch()
        watch.begin(try lanes(count), keeps: false)
        for glance in glances { #expect(watch.see(glance, near: 0) != nil) }
        watch.end(of: try basis(), at: start)
        return watch
    }

    @Test("a look stands for a lease while nothing is on the move, busy or not, and not a moment longer")
    func quiet() throws {
        let basis = try Self.basis()
        for pending in [UInt64(0), 7] {
            let watch = try Self.watch([Self.glance(pending: pending)])
            #expect(watch.stands(on: basis, lease: Self.lease, now: Self.start + .milliseconds(2_999)))
            #expect(!watch.stands(on: basis, lease: Self.lease, now: Self.start + Self.lease))
            #expect(watch[0]?.pending == pending)
        }
        #expect(!LaneWatch().stands(on: basis, lease: Self.lease, now: Self.start))
    }

    @Test(
        "where there are many lanes a look stands longer, so that as many are looked at in a second, up to a bound",
        arguments: [(0, 3), (30_000, 3), (50_000, 5), (99_999, 10), (1_000_000, 10)])
    func patience(lanes: Int, seconds: Int) {
        let patience = LaneWatch.patience(lanes: lanes, lease: Self.lease)
        #expect(abs(patience / .seconds(1) - Double(seconds)) < 0.001)
    }

    @Test("it stands no more once a member died, came, wants to go or fell silent, or topology or assignment changed")
    func changed() throws {
        let watch = try Self.watch([Self.glance()])
        let (gone, silent) = (try member("b"), Set([try member("b")]))
        let others = [
            try Self.basis { $0.living.removeAll { $0 == gone } }, try Self.basis { $0.silent = silent },
            try Self.basis { $0.placeable.removeAll { $0 == gone } },
            try Self.basis { $0.canJudge = false }, try Self.basis { $0.topology += 1 },
            try Self.basis { $0.assignment += 1 },
        ]
        for other in others { #expect(!watch.stands(on: other, lease: Self.lease, now: Self.start), "\(other)") }
    }

    @Test("it does not stand while a lane is asked for, lanes move, nobody may be judged, or a look is under way")
    func moving() throws {
        let basis = try Self.basis()
        let asked = try Self.watch([Self.glance(wantedBy: try member("b").text)])
        #expect(!asked.stands(on: basis, lease: Self.lease, now: Self.start))
        var watch = try Self.watch([Self.glance()])
        watch.stir()
        #expect(!watch.stands(on: basis, lease: Self.lease, now: Self.start))
        watch = try Self.watch([Self.glance()])
        watch.begin(try lanes(1), keeps: true)
        #expect(!watch.stands(on: basis, lease: Self.lease, now: Self.start) && watch[0] != nil)
        let early = try Self.basis { $0.canJudge = false }
        watch.end(of: early, at: Self.start)
        #expect(!watch.stands(on: early, lease: Self.lease, now: Self.start))
    }

    @Test("lanes that were not seen have no row, unless what was known before is kept; others' rows follow their names")
    func unseen() throws {
        var watch = try Self.watch([Self.glance(0), Self.glance(2)], lanes: 4)
        #expect((0..<4).map { watch[$0] != nil } == [true, false, true, false])
        watch.begin([try lane(2), try lane(3)], keeps: true)
        #expect(watch[0] != nil && watch[1] == nil)
        watch.begin([try lane(2), try lane(3)], keeps: false)
        #expect(watch[0] == nil)
        #expect(watch.see(try Self.glance(7), near: 1) == nil)
    }
}
