import ArgumentParser
import Channels
import Simulation

/// Weeks of a large cluster on a virtual clock.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Play a week of a large cluster on a virtual clock, with the code that places lanes and hands them over.",
        discussion: """
            Twice with the same world and the same noise: placed by the forecast, and by reacting only. The forecast has \
            learned from a week before with noise of its own. No Redis is needed. With --failures both meet the same outages of the \
            control slot and of shards, times without any coordinator, coordinators killed in the busiest hour and members with \
            wrong clocks; the table says what each kind came to. The default size takes most of an hour; --tick 300 a fifth of it.
            """)

    @Option(help: "Workers.") var workers = 1_000
    @Option(help: "Lanes; rounded up to eight a partition.") var lanes = 50_000
    @Option(help: "Days.") var days = 7.0
    @Option(help: "The same seed gives the same week.") var seed: UInt64 = 1
    @Option(help: "Crashes of each worker in thirty days.") var crashesPerMonth = 2.0
    @Option(help: "Deaths of the leading coordinator in a week.") var leadersLostPerWeek = 7.0
    @Option(help: "What of all capacity the busiest hour takes, 0 to 1.") var peak = 0.55
    @Option(help: "Seconds between two measurements of load.") var tick = 60
    @Flag(help: "Everything that can fail does, some times a week; the lanes lie on six shards.") var failures = false
    @Flag(help: "Print JSON: a line for each way of placing.") var json = false

    func run() async throws {
        guard (1...1_024).contains(workers), (8...100_000).contains(lanes), (1...600).contains(tick), days > 0,
            days <= 70, peak > 0, peak <= 1
        else {
            throw Failure(
                expected:
                    "1 to 1024 workers, 8 to 100000 lanes, a tick of 1 to 600 s, up to 70 days, a peak of at most 1",
                came: "\(workers), \(lanes), \(tick), \(days), \(peak)", at: "the options")
        }
        let reacting = try await report(foresees: false)
        let foreseeing = try await report(foresees: true)
        if json {
            for (placing, report) in [("reacting", reacting), ("forecast", foreseeing)] {
                Output.line(Self.json(placing, report, seed))
            }
        } else {
            var table = TextTable("", "reacting", "forecast")
            for (one, other) in zip(reacting.figures, foreseeing.figures) {
                table.add(one.name, Self.text(one.value), Self.text(other.value))
            }
            Output.line(table.text)
        }
        guard reacting.disagreements + foreseeing.disagreements == 0 else {
            throw Failure(expected: "one living owner for each lane at the end", came: "others", at: "disagreements")
        }
    }

    private func report(foresees: Bool) async throws -> SimulationReport {
        var settings = SimulationSettings()
        settings.workers = workers
        settings.lanes = lanes
        settings.days = days
        settings.seed = seed
        settings.crashesPerMonth = crashesPerMonth
        settings.leadersLostPerWeek = leadersLostPerWeek
        settings.peak = peak
        settings.tick = tick
        settings.foresees = foresees
        if failures { settings.useAllFailures() }
        let chosen = settings
        return try await offPool {
            var simulation = try ClusterSimulation(chosen)
            return try simulation.run()
        }
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() ? "\(Int64(value))" : "\((value * 100).rounded() / 100)"
    }

    private static func json(_ placing: String, _ report: SimulationReport, _ seed: UInt64) -> String {
        var fields: [String: JSONValue] = ["placing": .string(placing), "seed": .string("\(seed)")]
        for figure in report.figures { fields[figure.name] = .number(figure.value) }
        return JSONValue.object(fields).text()
    }
}
