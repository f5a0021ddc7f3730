import Contracts
import Coordination
import Membership
import TestEffort
import Testing

@Suite("LoadPlacement")
struct LoadPlacementTests {
    private let placement = LoadPlacement()

    @Test("each lane of an empty cluster is placed, idle ones evenly within one")
    func fromNothing() throws {
        let members = try ["a", "b", "c"].map { try member($0) }
        let input = PlacementInput(members: members, lanes: try lanes(10), current: [:], share: 0)
        let plan = placement.plan(input)
        #expect(plan.map(\.lane) == (try lanes(10)).sorted())
        #expect(Set(Dictionary(grouping: plan, by: \.member).values.map(\.count)) == [3, 4])
    }

    @Test("nobody and nothing give no moves")
    func empty() throws {
        let one = try member("a")
        #expect(placement.plan(.init(members: [], lanes: try lanes(3), current: [:], share: 9)).isEmpty)
        #expect(placement.plan(.init(members: [one], lanes: [], current: [:], share: 9)).isEmpty)
    }

    @Test("a new worker is filled at once, within the share")
    func newMember() throws {
        let (a, b) = (try member("a"), try member("b"))
        var input = PlacementInput(
            members: [a, b], lanes: try lanes(12),
            current: Dictionary(uniqueKeysWithValues: try lanes(12).map { ($0, a) }),
            share: 4)
        #expect(placement.plan(input).count == 4)
        input.share = 100
        #expect(placement.plan(input).count >= 5 && placement.plan(input).allSatisfy { $0.member == b })
    }

    @Test("a hot lane stays where it is and the others leave it")
    func hotLane() throws {
        let (a, b) = (try member("a"), try member("b"))
        let all = try lanes(8)
        var input = PlacementInput(
            members: [a, b], lanes: all,
            current: Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0 < 4 ? a : b) }), share: 100)
        input.figures.loads = [all[0]: Outlook(flat: 0.8)]
        let places = placement.settled(input).current
        let hot = places[all[0]]
        #expect(all.dropFirst().count { places[$0] == hot } <= 1)
    }

    @Test("lanes leave before the hour comes in which they would be too much for one member")
    func ahead() throws {
        let (a, b) = (try member("a"), try member("b"))
        let all = try lanes(8)
        var input = PlacementInput(
            members: [a, b], lanes: all,
            current: Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0 < 4 ? a : b) }), share: 100)
        // Equal now; in an hour the market of the first four closes.
        for (index, lane) in all.enumerated() {
            let later = index < 4 ? 0.2 : 0.02
            input.figures.loads[lane] = Outlook(SIMD8(0.02, later, later, later, later, later, later, later))
        }
        let places = placement.settled(input).current
        #expect(all.prefix(4).count { places[$0] == a } == 2)
    }

    @Test("300 random clusters: each orphan is placed, moves keep to the share and each round lowers the objective")
    func progress() throws {
        for seed in 0..<Effort.cases(UInt64(300)) {
            var random = SeededGenerator(seed: seed)
            var input = try randomInput(&random)
            input.share = Int.random(in: 1...12, using: &random)
            var orphans = input.lanes.filter { input.current[$0].map { !input.members.contains($0) } ?? true }
            for round in 0... {
                let before = placement.imbalance(input).objective
                let plan = placement.plan(input)
                if plan.isEmpty { break }
                #expect(plan.map(\.lane) == plan.map(\.lane).sorted() && Set(plan.map(\.lane)).count == plan.count)
                if orphans.isEmpty {
                    #expect(plan.count <= input.share, "seed \(seed)")
                } else {
                    #expect(plan.map(\.lane) == orphans.sorted(), "seed \(seed)")
                }
                for move in plan { input.current[move.lane] = move.member }
                if orphans.isEmpty { #expect(placement.imbalance(input).objective < before, "seed \(seed)") }
                orphans = []
                try #require(round < 200, "seed \(seed)")
            }
        }
    }

    @Test("300 random clusters: what is above the band at the end is the lightest lane's doing")
    func bound() throws {
        for seed in 0..<Effort.cases(UInt64(300)) {
            var random = SeededGenerator(seed: seed)
            let input = placement.settled(try randomInput(&random))
            let capacity = input.members.map { input.figures.capacities[$0] ?? 1 }
            let base = placement.baseShare * capacity.reduce(0, +) / Double(max(1, input.lanes.count))
            var held: [MemberID: [Double]] = [:]
            for lane in input.lanes {
                if let member = input.current[lane] {
                    held[member, default: []].append((input.figures.loads[lane]?.now ?? 0) + base)
                }
            }
            let mean = held.values.joined().reduce(0, +) / capacity.reduce(0, +)
            for (member, own) in zip(input.members, capacity) {
                let above = (held[member] ?? []).reduce(0, +) / own - mean
                let turn = (held[member] ?? []).min().map { $0 * (1 / own + 1 / (capacity.min() ?? 1)) / 2 } ?? 0
                let most = max(placement.band, turn + placement.threshold + placement.affinity)
                #expect(above <= most + 1e-9, "seed \(seed), \(member)")
            }
        }
    }

    @Test("300 losses: only the lost worker's lanes move in the round that follows")
    func losses() throws {
        for seed in 0..<Effort.cases(UInt64(300)) {
            var random = SeededGenerator(seed: seed)
            placement.expectsOwnLanesToMove(at: placement.settled(try randomInput(&random)), "seed \(seed)", &random)
        }
    }

    @Test("a worker lost out of twenty costs its own lanes and no other, in all rounds that follow")
    func oneOfTwenty() throws {
        for seed in 0..<Effort.cases(UInt64(20)) {
            var random = SeededGenerator(seed: seed)
            var input = try world(members: 20, lanes: 1_000, &random)
            input = placement.settled(input)
            let lost = input.members.remove(at: Int.random(in: 0..<20, using: &random))
            let own = input.lanes.filter { input.current[$0] == lost }
            let after = placement.settled(input)
            let moved = input.lanes.filter { after.current[$0] != input.current[$0] }
            #expect(moved == own, "seed \(seed)")
        }
    }

    @Test("the order in which members, lanes and figures are given changes nothing")
    func order() throws {
        for seed in 0..<Effort.cases(UInt64(200)) {
            var random = SeededGenerator(seed: seed)
            let input = try randomInput(&random)
            var shuffled = input
            shuffled.members = (input.members + input.members.prefix(1)).shuffled(using: &random)
            shuffled.lanes = (input.lanes + input.lanes.prefix(2)).shuffled(using: &random)
            #expect(placement.plan(shuffled) == placement.plan(input), "seed \(seed)")
        }
    }

    @Test("noise in every lane's load that stays within the band moves nothing")
    func noise() throws {
        for seed in 0..<Effort.cases(UInt64(3)) {
            var random = SeededGenerator(seed: seed)
            let calm = placement.settled(try world(members: 10, lanes: 400, &random))
            var input = calm
            for _ in 0..<100 {
                for (lane, load) in calm.figures.loads {
                    input.figures.loads[lane] = load * Double.random(in: 0.85...1.15, using: &random)
                }
                #expect(placement.plan(input).isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("noise of a size with the load itself, evened out over half a minute, moves little, and nothing to and fro")
    func muchNoise() throws {
        for seed in 0..<Effort.cases(UInt64(3)) {
            var random = SeededGenerator(seed: seed)
            var input = placement.settled(try world(members: 6, lanes: 60, &random))
            let calm = input.figures.loads
            var moves: [LaneName: Int] = [:]
            for _ in 0..<300 {
                for (lane, load) in calm {
                    let seen = load * Double.random(in: 0...2, using: &random)
                    input.figures.loads[lane] = (input.figures.loads[lane] ?? load) * 0.977 + seen * 0.023
                }
                for move in placement.plan(input) {
                    input.current[move.lane] = move.member
                    moves[move.lane, default: 0] += 1
                }
            }
            #expect(moves.values.reduce(0, +) <= 12 && (moves.values.max() ?? 0) <= 1, "seed \(seed): \(moves)")
        }
    }

    @Test("absurd figures of members and lanes place every lane, and the honest ones by what they say")
    func absurd() throws {
        let members = try (0..<4).map { try member("w\($0)") }
        let all = try lanes(40)
        var input = PlacementInput(members: members, lanes: all, current: [:], share: 100)
        input.figures.capacities = [members[0]: .nan, members[1]: -3, members[2]: .infinity, members[3]: 0]
        for (index, figure) in [Double.nan, -1, .infinity, -.infinity, 1e300].enumerated() {
            input.figures.loads[all[index]] = Outlook(flat: figure)
        }
        #expect(placement.plan(input).count == 40)
        input.figures.capacities = [:]
        let places = placement.settled(input).current
        // Two that claim to be endless count as one runner each, and lie apart.
        #expect(places[all[2]] != places[all[4]])
        #expect(placement.imbalance(input).objective.isFinite)
    }

    @Test("lanes come to lie with the member whose shard they are on, as far as balance allows")
    func shards() throws {
        var random = SeededGenerator(seed: 7)
        var input = try world(members: 12, lanes: 600, &random)
        input.current = [:]
        for (index, lane) in input.lanes.enumerated() { input.figures.shards[lane] = index % 3 }
        let near = placement.settled(input)
        var members: [MemberID: [Int: Int]] = [:]
        for lane in input.lanes {
            if let member = near.current[lane] {
                members[member, default: [:]][input.figures.shards[lane] ?? 0, default: 0] += 1
            }
        }
        let largest = members.values.map { $0.values.max() ?? 0 }.reduce(0, +)
        #expect(largest > 350)
        #expect(placement.imbalance(near).above <= placement.band)
    }

    @Test("while nothing is known of the load, orphans are placed and members that have nothing are filled, no more")
    func cold() throws {
        let (a, b, c) = (try member("a"), try member("b"), try member("c"))
        let all = try lanes(30)
        var input = PlacementInput(
            members: [a, b], lanes: all,
            current: Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0 < 27 ? a : b) }), share: 100)
        for lane in all { input.figures.loads[lane] = Outlook(flat: 0.02) }
        #expect(!placement.plan(input).isEmpty)
        input.figures.isWarm = false
        #expect(placement.plan(input).isEmpty)
        input.members.append(c)
        #expect(!placement.plan(input).isEmpty && placement.plan(input).allSatisfy { $0.member == c })
    }

    @Test("200 workers and 10,000 lanes: from nothing to within the band, and after a change back to it")
    func large() throws {
        var random = SeededGenerator(seed: 1)
        var input = try world(members: 200, lanes: 10_000, &random)
        let plan = placement.plan(input)
        #expect(plan.count == 10_000)
        for move in plan { input.current[move.lane] = move.member }
        #expect(placement.imbalance(input).above <= placement.band)
        for lane in input.lanes where Int.random(in: 0..<20, using: &random) == 0 {
            input.figures.loads[lane] = Outlook(flat: Double.random(in: 0...0.4, using: &random))
        }
        #expect(placement.imbalance(input).above > placement.band)
        input = placement.settled(input)
        #expect(placement.imbalance(input).above <= placement.band)
    }

    /// Loads such as they are: many light lanes, few heavy ones, together half of what the members can carry.
    private func world(members: Int, lanes count: Int, _ random: inout SeededGenerator) throws -> PlacementInput {
        let all = try (0..<count).map { try LaneName("p\($0 / 8).\($0 % 8)") }.sorted()
        let names = try (0..<members).map { try member("w\($0)") }.sorted()
        var input = PlacementInput(members: names, lanes: all, current: [:], share: .max)
        let mean = Double(members) / Double(count)
        for lane in all {
            let skewed = Double.random(in: 0...1, using: &random) * Double.random(in: 0...1, using: &random)
            input.figures.loads[lane] = Outlook(flat: 2 * mean * skewed)
        }
        return input
    }

    private func randomInput(_ random: inout SeededGenerator) throws -> PlacementInput {
        let members = try (0..<Int.random(in: 1...7, using: &random)).map { try member("w\($0)") }
        let all = try lanes(Int.random(in: 0...40, using: &random))
        let strangers = try [member("gone"), member("late")]
        var input = PlacementInput(members: members, lanes: all, current: [:], share: .max)
        let skew = Int.random(in: 1...members.count, using: &random)
        for member in members where Bool.random(using: &random) {
            input.figures.capacities[member] = Double(Int.random(in: 1...4, using: &random))
        }
        for lane in all {
            if Bool.random(using: &random) {
                input.figures.loads[lane] = Outlook(flat: Double.random(in: 0...0.2, using: &random))
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 0: break
            case 1: input.current[lane] = strangers.randomElement(using: &random)
            default: input.current[lane] = members.prefix(skew).randomElement(using: &random)
            }
        }
        return input
    }
}
