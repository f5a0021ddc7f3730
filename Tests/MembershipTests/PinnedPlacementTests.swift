import Contracts
import Coordination
import Membership
import TestEffort
import Testing

@Suite("Placement of pinned lanes")
struct PinnedPlacementTests {
    private let placement = LoadPlacement()

    @Test("a pinned lane goes to its member and stays there, however unequal that makes them")
    func goes() throws {
        let (a, b) = (try member("a"), try member("b"))
        let all = try lanes(8)
        var input = PlacementInput(
            members: [a, b], lanes: all,
            current: Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0 < 4 ? a : b) }), share: 100)
        for lane in all { input.figures.loads[lane] = Outlook(flat: 0.05) }
        for lane in all { input.pins[lane] = b }
        #expect(placement.plan(input) == all.prefix(4).map { PlacementMove(lane: $0, member: b) })
        input.current = input.pins
        #expect(placement.plan(input).isEmpty, "nobody fills a who has nothing but what is pinned elsewhere")
        input.pins = [:]
        #expect(!placement.plan(input).isEmpty)
    }

    @Test("a pin wins over the relief of an overloaded member: what is not pinned leaves it")
    func rescue() throws {
        let (a, b) = (try member("a"), try member("b"))
        let all = try lanes(4)
        var input = PlacementInput(members: [a, b], lanes: all, current: [:], share: 100)
        for lane in all { input.current[lane] = a }
        input.figures.loads = [
            all[0]: Outlook(flat: 0.5), all[1]: Outlook(flat: 0.25), all[2]: Outlook(flat: 0.1),
            all[3]: Outlook(flat: 0.1),
        ]
        input.pins = [all[0]: a, all[1]: a]
        let places = placement.settled(input).current
        #expect(places[all[0]] == a && places[all[1]] == a)
        #expect(places[all[2]] == b && places[all[3]] == b)
        // What is pinned alone is over the ceiling, and stays.
        input.figures.loads[all[1]] = Outlook(flat: 0.45)
        let crowded = placement.settled(input).current
        #expect(crowded[all[0]] == a && crowded[all[1]] == a && crowded[all[2]] == b)
    }

    @Test("a pin to nobody who may be given lanes is as none")
    func nobody() throws {
        for seed in 0..<Effort.cases(UInt64(100)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            input.pins = [:]
            let plan = placement.plan(input)
            for lane in input.lanes where Bool.random(using: &random) { input.pins[lane] = try member("gone") }
            #expect(placement.plan(input) == plan, "seed \(seed)")
        }
    }

    @Test(
        "300 random clusters with pins: each round keeps to the share, it ends, and every pinned lane is where it is to be"
    )
    func ends() throws {
        for seed in 0..<Effort.cases(UInt64(300)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            input.share = Int.random(in: 1...12, using: &random)
            var orphans = input.lanes.filter { input.current[$0].map { !input.members.contains($0) } ?? true }
            for round in 0... {
                let before = input
                let plan = placement.plan(input)
                if plan.isEmpty { break }
                if orphans.isEmpty {
                    #expect(plan.count <= input.share, "seed \(seed)")
                } else {
                    #expect(plan.map(\.lane) == orphans.sorted(), "seed \(seed)")
                }
                for move in plan {
                    #expect(input.pins[move.lane].map { $0 == move.member } ?? true, "seed \(seed)")
                    input.current[move.lane] = move.member
                }
                let (misplaced, was) = (Self.misplaced(input), Self.misplaced(before))
                #expect(misplaced <= was, "seed \(seed)")
                if orphans.isEmpty, misplaced == was {
                    #expect(
                        placement.imbalance(input).objective < placement.imbalance(before).objective, "seed \(seed)")
                }
                orphans = []
                try #require(round < 300, "seed \(seed)")
            }
            #expect(Self.misplaced(input) == 0, "seed \(seed)")
        }
    }

    @Test(
        "300 random clusters with pins: what is above the band at the end is the lightest free lane's doing, or pinned")
    func bound() throws {
        for seed in 0..<Effort.cases(UInt64(300)) {
            var random = SeededGenerator(seed: seed)
            let input = placement.settled(try randomInput(&random))
            let capacity = Double(input.members.count)
            let base = placement.baseShare * capacity / Double(max(1, input.lanes.count))
            var (all, free) = ([MemberID: Double](), [MemberID: Double]())
            for lane in input.lanes {
                guard let member = input.current[lane] else { continue }
                let weight = (input.figures.loads[lane]?.now ?? 0) + base
                all[member, default: 0] += weight
                if input.pins[lane] == nil { free[member] = min(free[member] ?? .infinity, weight) }
            }
            let mean = all.values.reduce(0, +) / capacity
            for (member, lightest) in free {
                let most = max(placement.band, lightest + placement.threshold + placement.affinity)
                #expect((all[member] ?? 0) - mean <= most + 1e-9, "seed \(seed), \(member)")
            }
        }
    }

    @Test("a lost member's pinned lanes go to others, and nobody else's move")
    func loss() throws {
        for seed in 0..<Effort.cases(UInt64(200)) {
            var random = SeededGenerator(seed: seed)
            placement.expectsOwnLanesToMove(at: placement.settled(try randomInput(&random)), "seed \(seed)", &random)
        }
    }

    private static func misplaced(_ input: PlacementInput) -> Int {
        input.pins.count { input.members.contains($0.value) && input.current[$0.key] != $0.value }
    }

    private func randomInput(_ random: inout SeededGenerator) throws -> PlacementInput {
        let members = try (0..<Int.random(in: 1...7, using: &random)).map { try member("w\($0)") }
        var input = PlacementInput(
            members: members, lanes: try lanes(Int.random(in: 1...40, using: &random)), current: [:], share: .max)
        for lane in input.lanes {
            input.figures.loads[lane] = Outlook(flat: Double.random(in: 0...0.1, using: &random))
            if Int.random(in: 0..<10, using: &random) > 0 {
                input.current[lane] = members.randomElement(using: &random)
            }
            if Int.random(in: 0..<5, using: &random) == 0 { input.pins[lane] = members.randomElement(using: &random) }
        }
        return input
    }
}
