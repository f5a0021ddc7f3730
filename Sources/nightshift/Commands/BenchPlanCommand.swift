import ArgumentParser
import Bench

/// How long the leader's plan takes.
struct BenchPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "How long placing the lanes of a large cluster takes.")

    @Option(help: "Members.") var workers = 1_000
    @Option(help: "Lanes.") var lanes = 50_000
    @Option(help: "Shards of a Redis Cluster that the lanes lie on in a second measurement; 1 for none.") var shards = 3
    @Option(help: "Runs; the one in the middle is printed.") var runs = 5
    @Flag(help: "Print JSON: an object a measurement.") var json = false

    func validate() throws {
        guard (2...10_000).contains(workers), (1...1_000_000).contains(lanes), (1...99).contains(runs),
            (1...1_000).contains(shards)
        else {
            throw ValidationError(
                "expected 2 to 10,000 workers, 1 to 1,000,000 lanes, 1 to 1,000 shards and 1 to 99 runs")
        }
    }

    private struct Line: Encodable {
        let workers: Int
        let lanes: Int
        let shards: Int
        let first_ms: Double
        let loss_ms: Double
        let round_ms: Double
        let moves: Int
    }

    func run() async throws {
        // Without shards first: what affinity costs is the difference.
        for shards in shards > 1 ? [1, shards] : [1] {
            let line = try figures(shards: shards)
            guard !json else {
                try Output.json(line)
                continue
            }
            Output.line(
                "\(workers) workers, \(lanes) lanes on \(shards == 1 ? "one Redis" : "\(shards) shards"): first plan "
                    + "\(line.first_ms) ms, after a loss \(line.loss_ms) ms, a round with \(line.moves) moves \(line.round_ms) ms"
            )
        }
    }

    private func figures(shards: Int) throws -> Line {
        let figures = try (0..<runs).map { _ in try PlanRun(members: workers, lanes: lanes, shards: shards).play() }
        func middle(_ part: (PlanRun.Figures) -> Duration) -> Double {
            BenchRounding.tenths(figures.map(part).sorted()[runs / 2] / .milliseconds(1))
        }
        return Line(
            workers: workers, lanes: lanes, shards: shards, first_ms: middle(\.first), loss_ms: middle(\.loss),
            round_ms: middle(\.round), moves: figures[0].moves)
    }
}
