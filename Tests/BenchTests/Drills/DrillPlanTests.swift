import Bench
import Testing

@Suite("The plans of the drills")
struct DrillPlanTests {
    @Test("the full form is what was asked for")
    func full() {
        let plan = DrillPlan.full
        #expect(plan.events == 200_000 && plan.conversations == 5_000 && plan.rate == 1_500 && plan.workers == 6)
        func count(_ isCounted: (PlannedFault.Kind) -> Bool) -> Int { plan.faults.count { isCounted($0.kind) } }
        #expect(count { $0 == .stop } == 5 && count { $0 == .coordinator } == 5 && count { $0 == .redis } == 4)
        let (aimed, blind) = (count { $0 == .kill(isAimed: true) }, count { $0 == .kill(isAimed: false) })
        #expect(aimed + blind >= 43 && abs(aimed - blind) <= 1)
        #expect(plan.stopFor > .seconds(3) && plan.recoveryLimit == .seconds(5))
        #expect(plan.fewestWithWork == 40 && plan.fewestWithEvents == 10 && plan.latencyMs == 100)
    }

    @Test(
        "failovers: 20 primaries, 2 in the short form, a slot moved for every fourth, the control slot, and load for ten seconds each",
        arguments: [2, 20, 100])
    func failover(kills: Int) {
        let plan = DrillPlan.failover(kills: kills)
        #expect(plan.faults.count { $0.kind == .primary } == kills)
        #expect(plan.faults.count { $0.kind == .reshard } == max(1, kills / 4))
        // Before any other: later faults find the control slot where it was moved to.
        #expect(plan.faults.count { $0.kind == .reshardControl } == 1 && plan.faults[0].kind == .reshardControl)
        #expect(plan.faults.allSatisfy { [.primary, .reshard, .reshardControl].contains($0.kind) })
        #expect(plan.duration >= .seconds(9) * kills && plan.recoveryLimit == .seconds(5))
        #expect(DrillPlan.failover.faults.count == 26 && DrillPlan.failoverShort.faults.count == 4)
    }

    @Test(
        "faults come in the order of time, before the last event",
        arguments: [DrillPlan.full, .short, .failover, .failoverShort])
    func order(plan: DrillPlan) {
        #expect(plan.faults.map(\.at) == plan.faults.map(\.at).sorted())
        #expect(plan.faults.allSatisfy { $0.at < plan.duration })
    }
}
