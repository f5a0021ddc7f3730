import Contracts
import Coordination
import Membership
import TestSupport
import Testing

extension LoadPlacement {
    /// What is left when plans are carried out until nothing moves.
    func settled(_ start: PlacementInput) -> PlacementInput {
        var input = start
        for _ in 0..<500 {
            let plan = plan(input)
            if plan.isEmpty { return input }
            for move in plan { input.current[move.lane] = move.member }
        }
        Issue.record("500 rounds were not enough")
        return input
    }

    /// Of any one that is lost out of several members its own lanes move in the next round, and no other.
    func expectsOwnLanesToMove(
        at settled: PlacementInput, _ comment: Testing.Comment, _ random: inout SeededGenerator
    ) {
        var input = settled
        guard input.members.count > 1, let lost = input.members.randomElement(using: &random) else { return }
        input.members.removeAll { $0 == lost }
        let moved = Set(plan(input).map(\.lane))
        #expect(moved == Set(input.lanes.filter { input.current[$0] == lost }), comment)
    }
}
