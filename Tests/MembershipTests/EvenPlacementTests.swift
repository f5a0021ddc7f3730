import Contracts
import Coordination
import Membership
import TestEffort
import Testing

@Suite("EvenPlacement")
struct EvenPlacementTests {
    @Test("each lane of an empty cluster is placed, evenly within one")
    func fromNothing() throws {
        let members = try ["a", "b", "c"].map { try member($0) }
        let input = PlacementInput(members: members, lanes: try lanes(10), current: [:], share: 0)
        let plan = EvenPlacement.plan(input)
        #expect(plan.map(\.lane) == (try lanes(10)).sorted())
        #expect(Set(counts(after: plan, input).values) == [3, 4])
    }

    @Test("a new worker is filled at once within the share, and the rest follows in the next rounds")
    func newMember() throws {
        let (a, b) = (try member("a"), try member("b"))
        var current: [LaneName: MemberID] = [:]
        for lane in try lanes(12) { current[lane] = a }
        var input = PlacementInput(members: [a, b], lanes: try lanes(12), current: current, share: 4)
        var rounds: [Int] = []
        while true {
            let plan = EvenPlacement.plan(input)
            rounds.append(plan.count)
            if plan.isEmpty { break }
            for move in plan { input.current[move.lane] = move.member }
        }
        #expect(rounds == [4, 2, 0])
    }

    @Test("nobody and nothing give no moves")
    func empty() throws {
        let one = try member("a")
        #expect(EvenPlacement.plan(.init(members: [], lanes: try lanes(3), current: [:], share: 9)).isEmpty)
        #expect(EvenPlacement.plan(.init(members: [one], lanes: [], current: [:], share: 9)).isEmpty)
    }

    @Test("10,000 random clusters: even, fewest moves, the same whatever the order, and ended after one round")
    func properties() throws {
        for seed in 0..<Effort.cases(UInt64(10_000)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            let plan = EvenPlacement.plan(input)
            let after = counts(after: plan, input)
            let spread = (after.values.max() ?? 0) - (after.values.min() ?? 0)
            #expect(spread <= 1, "seed \(seed)")
            #expect(plan.count == fewestMoves(input), "seed \(seed)")
            #expect(Set(plan.map(\.lane)).count == plan.count, "seed \(seed)")
            var shuffled = input
            shuffled.members.shuffle(using: &random)
            shuffled.lanes.shuffle(using: &random)
            #expect(EvenPlacement.plan(shuffled) == plan, "seed \(seed)")
            for move in plan { input.current[move.lane] = move.member }
            #expect(EvenPlacement.plan(input).isEmpty, "seed \(seed)")
        }
    }

    @Test("10,000 losses in even clusters: only the lost worker's lanes move")
    func losses() throws {
        for seed in 0..<Effort.cases(UInt64(10_000)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            for move in EvenPlacement.plan(input) { input.current[move.lane] = move.member }
            guard input.members.count > 1, let lost = input.members.randomElement(using: &random) else { continue }
            input.members.removeAll { $0 == lost }
            let moved = Set(EvenPlacement.plan(input).map(\.lane))
            #expect(moved == Set(input.lanes.filter { input.current[$0] == lost }), "seed \(seed)")
        }
    }

    @Test(
        "2,000 random clusters with a small share: each round places all orphans, moves no more than the share, and ends"
    )
    func bounded() throws {
        for seed in 0..<Effort.cases(UInt64(2_000)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            input.share = Int.random(in: 1...5, using: &random)
            var orphans = input.lanes.filter { input.current[$0].map { !input.members.contains($0) } ?? true }.count
            for round in 0... {
                let plan = EvenPlacement.plan(input)
                if plan.isEmpty { break }
                #expect(plan.count <= orphans + input.share, "seed \(seed)")
                orphans = 0
                for move in plan { input.current[move.lane] = move.member }
                try #require(round < 200, "seed \(seed)")
            }
            let after = counts(after: [], input)
            #expect((after.values.max() ?? 0) - (after.values.min() ?? 0) <= 1, "seed \(seed)")
        }
    }

    private func randomInput(_ random: inout SeededGenerator) throws -> PlacementInput {
        let members = try (0..<Int.random(in: 1...7, using: &random)).map { try member("w\($0)") }
        let all = try lanes(Int.random(in: 0...40, using: &random))
        let strangers = try [member("gone"), member("late")]
        var current: [LaneName: MemberID] = [:]
        let skew = Int.random(in: 1...members.count, using: &random)
        for lane in all {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: break
            case 1: current[lane] = strangers.randomElement(using: &random)
            default: current[lane] = members.prefix(skew).randomElement(using: &random)
            }
        }
        return PlacementInput(members: members, lanes: all, current: current, share: .max)
    }

    private func counts(after plan: [PlacementMove], _ input: PlacementInput) -> [MemberID: Int] {
        var place = input.current
        for move in plan { place[move.lane] = move.member }
        var counts: [MemberID: Int] = [:]
        for member in input.members { counts[member] = 0 }
        for lane in input.lanes { if let member = place[lane] { counts[member, default: 0] += 1 } }
        return counts
    }

    /// By trying every way to give the lanes that are left over.
    private func fewestMoves(_ input: PlacementInput) -> Int {
        let held = input.members.map { member in input.lanes.filter { input.current[$0] == member }.count }
        let (share, rest) = input.lanes.count.quotientAndRemainder(dividingBy: held.count)
        let orphans = input.lanes.count - held.reduce(0, +)
        var fewest = Int.max
        for chosen in 0..<(1 << held.count) where chosen.nonzeroBitCount == rest {
            var moves = orphans
            for (index, count) in held.enumerated() { moves += max(0, count - share - (chosen >> index & 1)) }
            fewest = min(fewest, moves)
        }
        return input.lanes.isEmpty ? 0 : fewest
    }
}
