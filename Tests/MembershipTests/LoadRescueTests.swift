import Contracts
import Coordination
import Membership
import Testing

@Suite("Overload now, and the hours to come")
struct LoadRescueTests {
    private let placement = LoadPlacement()

    /// Lanes of each member: what they need now, and in all later hours.
    private func input(
        _ loads: [(member: String, now: Double, later: Double)], capacity: Double = 1, spare: [String] = []
    ) throws -> PlacementInput {
        let all = try lanes(loads.count)
        let names = Set(loads.map(\.member) + spare).sorted()
        var input = PlacementInput(members: try names.map { try member($0) }, lanes: all, current: [:], share: 100)
        for (lane, load) in zip(all, loads) {
            input.current[lane] = try member(load.member)
            var values = SIMD8<Double>(repeating: load.later)
            values[0] = load.now
            input.figures.loads[lane] = Outlook(values)
        }
        for id in input.members { input.figures.capacities[id] = capacity }
        return input
    }

    private func busiest(_ input: PlacementInput) -> Double {
        var sums: [MemberID: Double] = [:]
        for lane in input.lanes {
            if let id = input.current[lane] { sums[id, default: 0] += input.figures.loads[lane]?.now ?? 0 }
        }
        return sums.map { $0.value / (input.figures.capacities[$0.key] ?? 1) }.max() ?? 0
    }

    @Test("who is overloaded now gives lanes away, though it will have less to do than others for hours")
    func relieved() throws {
        let high = [(member: String, now: Double, later: Double)](repeating: ("a", 0.22, 0.05), count: 4)
        let low = [(member: String, now: Double, later: Double)](repeating: ("b", 0.1, 0.2), count: 4)
        let before = try input(high + low)
        #expect(busiest(before) > placement.ceiling)
        #expect(busiest(placement.settled(before)) <= placement.ceiling)
    }

    @Test("nobody is overloaded now for the sake of an hour to come")
    func notFilled() throws {
        let full = [(member: String, now: Double, later: Double)](repeating: ("a", 0.15, 0.02), count: 5)
        let rising = [(member: String, now: Double, later: Double)](repeating: ("b", 0.05, 0.15), count: 8)
        #expect(busiest(placement.settled(try input(full + rising))) <= placement.relief)
    }

    @Test("where everybody is overloaded nothing moves to and fro")
    func everybody() throws {
        var loads: [(member: String, now: Double, later: Double)] = []
        for (name, count) in [("a", 12), ("b", 9), ("c", 10)] {
            for _ in 0..<count { loads.append((name, 0.1, 0.02)) }
        }
        let after = placement.settled(try input(loads))
        #expect(placement.plan(after).isEmpty)
    }
}
