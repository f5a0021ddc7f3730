import ArgumentParser
import Bench
import Foundation
import Lanes
import Redis

/// Figures of this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine: throughput, latency, idle cost, memory, start.",
        discussion: "Each measurement starts a redis-server of its own, with the settings of cluster/redis.conf.",
        subcommands: [
            BenchLoadCommand.self, BenchLatencyCommand.self, BenchIdleCommand.self, BenchPlanCommand.self,
            BenchMemoryCommand.self, BenchStartCommand.self, BenchDrainCommand.self, BenchIngressCommand.self,
            BenchDeliverCommand.self, BenchHandoverCommand.self, BenchCoordinatorCommand.self,
            BenchTextsCommand.self,
        ],
        defaultSubcommand: BenchLoadCommand.self)
}

/// `bench` without a word: throughput.
struct BenchLoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Decisions a second over 1,000 lanes and 20,000 conversations.",
        discussion: """
            The mix: 60 % further messages in a closed period, 15 % first ones (text, promise, timers), 10 % questions \
            that are answered, 10 % comments, 5 % agents' replies, edits and duplicates. It is counted from the result \
            streams; the command fails if a class is off by more than two points, an event undecided or an action \
            unsettled.
            """)

    @Option(help: "Least seconds of a run, after one closed period that warms up.") var seconds = 10.0
    @Option(help: "Runs; the medians are printed.") var runs = 5
    @Option(help: "full, or noop: no policy and no actions, states and results are still committed.") var handler =
        "full"
    @Option(help: "everysec or always.") var durability = "everysec"
    @Option(help: "Exponent of Zipf's law over the conversations.") var exponent = 1.0
    @Option(help: "Events that may lie undecided before the producers wait.") var backlog = 96_000
    @Option(help: "Customers' events of one closed period.") var night = 112_000
    @Option(help: "Producers' threads.") var producers = 4
    @Option(help: "Runners.") var runners = 2
    @Option(
        help: """
            The lanes lie on a Redis Cluster of this machine: 1 or 3 primaries, 6: three with a replica each. Redis' time \
            is that of the primaries. 0: one server, through a unix socket.
            """) var cluster = 0
    @Flag(help: "Leave out the runs without actions, whose difference tells what an action costs.") var quick = false
    @Flag(help: "Print one JSON object.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    func validate() throws {
        guard seconds > 0, runs > 0, backlog > 0, night >= 1_000, (1...8).contains(producers),
            (1...64).contains(runners)
        else { throw ValidationError("expected positive numbers, and nights of at least 1,000 events") }
        guard ["everysec", "always"].contains(durability) else {
            throw ValidationError("expected everysec or always, got \(durability)")
        }
        guard [0, 1, 3, 6].contains(cluster) else { throw ValidationError("expected 0, 1, 3 or 6, got \(cluster)") }
        guard ["full", "noop"].contains(handler) else { throw ValidationError("expected full or noop, got \(handler)") }
    }

    func run() async throws {
        let shop = try LoadShop(folder: config)
        var figures: [LoadFigures] = []
        var silent: [LoadFigures] = []
        for number in 1...runs {
            figures.append(try play(handler, seconds, shop))
            note("run \(number) of \(runs)", figures.last)
            guard handler == "full", !quick else { continue }
            silent.append(try play("silent", seconds / 3, shop))
            note("without actions", silent.last)
        }
        let report = LoadReport(figures, silent: silent, handler: handler, durability: durability)
        if json { try Output.json(report) } else { Output.line(BenchText.of(report)) }
    }

    private func play(_ handler: String, _ seconds: Double, _ shop: LoadShop) throws -> LoadFigures {
        var setting = LoadSetting()
        setting.handler = LoadHouse.Handler(rawValue: handler) ?? .full
        setting.seconds = seconds
        setting.exponent = exponent
        setting.backlog = backlog
        setting.eventsPerNight = night
        setting.producers = producers
        setting.runners = runners
        return try BenchServer.with(durability: durability, cluster: cluster) { connector in
            try LoadRun(setting, shop: shop, connector: connector).play()
        }
    }

    private func note(_ what: String, _ figures: LoadFigures?) {
        guard let figures else { return }
        let redis = String(format: "%.1f", figures.redisPerDecision)
        let worker = String(format: "%.1f", figures.workerPerDecision)
        Output.note(
            "\(what): \(Int(figures.decisionsPerSecond)) decisions/s, Redis \(redis) µs, worker \(worker) µs a decision, "
                + "\(figures.nights) nights")
    }
}

/// The report for people.
enum BenchText {
    static func of(_ report: LoadReport) -> String {
        var table = TextTable("figure", "median", "least", "most")
        for (name, spread) in report.spreads.sorted(by: { $0.key < $1.key }) {
            table.add(name, "\(spread.median)", "\(spread.least)", "\(spread.most)")
        }
        let action = report.redisPerAction.map { "\($0)" } ?? "not measured"
        let mix = report.mix.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value) %" }.joined(separator: ", ")
        return """
            \(table.text)
            redis_us_per_action \(action), \(report.actionsPerDecision) actions a decision
            courier \(report.courierPerDecision) µs of the worker's, producers \(report.producersPerDecision) µs a decision
            \(report.decisionsPerCommit) decisions a commit; mix: \(mix)
            handler \(report.handler), durability \(report.durability), \(report.runs) runs of at least \(report.nights) nights
            """
    }
}
