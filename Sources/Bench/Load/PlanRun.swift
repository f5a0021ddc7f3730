private import Contracts
private import Coordination
private import Membership

/// How long the leader's plan of one round takes: placement alone, on made-up load of a large cluster.
///
/// The load is skewed and comes from a generator with a fixed seed, so each run plans the same.
package struct PlanRun: Sendable {
    package struct Figures: Sendable {
        /// Every lane is an orphan: the first plan of a cluster.
        package let first: Duration
        /// One member is lost.
        package let loss: Duration
        /// The load of every twentieth lane changed: the round that finds out what to move.
        package let round: Duration
        /// Moves of the last.
        package let moves: Int
    }

    private let members: Int
    private let lanes: Int
    private let shards: Int

    /// - Parameter shards: of a Redis Cluster over which the lanes are spread; 1 for none.
    package init(members: Int, lanes: Int, shards: Int) {
        self.shards = shards
        self.members = members
        self.lanes = lanes
    }

    /// Plans once each.
    package func play() throws -> Figures {
        let placement = LoadPlacement()
        var random = SeededGenerator(seed: 1)
        let names = try (0..<members).map { number in
            let digits = String(number, radix: 16)
            return try MemberID("w\(number)#" + String(repeating: "0", count: 16 - digits.utf8.count) + digits)
        }.sorted()
        let all = try (0..<lanes).map { try LaneName("p\($0 / 8).\($0 % 8)") }.sorted()
        var input = PlacementInput(members: names, lanes: all, current: [:], share: 1_000)
        // A generator of its own: the load is the same however many shards there are.
        var lots = SeededGenerator(seed: 2)
        if shards > 1 { for lane in all { input.figures.shards[lane] = Int(lots.number(below: UInt64(shards))) } }
        let mean = 0.5 * Double(members) / Double(max(1, lanes))
        for lane in all { input.figures.loads[lane] = Outlook(flat: 4 * mean * random.fraction() * random.fraction()) }
        let (first, placed) = Self.timed { placement.plan(input) }
        for move in placed { input.current[move.lane] = move.member }
        var lossy = input
        lossy.members.removeFirst()
        let (loss, _) = Self.timed { placement.plan(lossy) }
        for lane in all where random.fraction() < 0.05 {
            input.figures.loads[lane] = Outlook(flat: 20 * mean * random.fraction())
        }
        let (round, moves) = Self.timed { placement.plan(input) }
        return Figures(first: first, loss: loss, round: round, moves: moves.count)
    }

    private static func timed(_ body: () -> [PlacementMove]) -> (Duration, [PlacementMove]) {
        let start = ContinuousClock.now
        let moves = body()
        return (ContinuousClock.now - start, moves)
    }
}
