import ArgumentParser
import Bench
import Contracts
import Conversations
import Settings

/// How long a lane stands still at a planned change of owner.
struct BenchHandoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handover",
        abstract: "How long lanes stand still when a worker joins, and when it leaves by SIGTERM.",
        discussion: """
            Every lane gets an event each few milliseconds. Of each change of owner the longest interval between two \
            commits of its lane counts, the spacing of the events included; beside it stands the same for lanes that \
            stayed where they were.
            """)

    @Option(help: "How often the third worker leaves and joins.") var rounds = 10
    @Option(help: "Milliseconds from one event of a lane to its next.") var every = 10
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Flag(help: "Print one JSON object.") var json = false

    private struct Line: Encodable {
        let handovers: Int
        let idle_p50_ms: Double
        let idle_p99_ms: Double
        let idle_most_ms: Double
        let stayed_p50_ms: Double
        let stayed_p99_ms: Double
        let stayed_most_ms: Double
        let events: Int
    }

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("expected 1 to 1000 rounds, got \(rounds)") }
        guard (5...1_000).contains(every) else { throw ValidationError("expected 5 to 1000 ms, got \(every)") }
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        let site = try GroundPlan(config: config, zoneinfo: zoneinfo).site(place, durability: "everysec", ports: 5)
        let policy = try Policy.read(folder: config, zones: ZoneFolder(zoneinfo))
        let figures = try await HandoverRun(
            site, writers: try Self.writers(policy), every: .milliseconds(every), rounds: rounds
        ).play()
        guard !figures.changed.isEmpty else { throw Failure("expected lanes to change their owner, none did") }
        let line = Line(
            handovers: figures.changed.count, idle_p50_ms: Self.milliseconds(figures.changed, 0.5),
            idle_p99_ms: Self.milliseconds(figures.changed, 0.99), idle_most_ms: Self.milliseconds(figures.changed, 1),
            stayed_p50_ms: Self.milliseconds(figures.stayed, 0.5),
            stayed_p99_ms: Self.milliseconds(figures.stayed, 0.99),
            stayed_most_ms: Self.milliseconds(figures.stayed, 1), events: figures.events)
        if json { return try Output.json(line) }
        var table = TextTable("lanes", "p50 ms", "p99 ms", "most ms")
        table.add(
            "\(line.handovers) that changed their owner", "\(line.idle_p50_ms)", "\(line.idle_p99_ms)",
            "\(line.idle_most_ms)")
        table.add(
            "those that stayed, at the same times", "\(line.stayed_p50_ms)", "\(line.stayed_p99_ms)",
            "\(line.stayed_most_ms)")
        Output.line(table.text)
    }

    /// Eight people a lane, so that no conversation's memory of ids is outrun.
    private static func writers(_ policy: Policy) throws -> [HandoverRun.Writer] {
        var writers: [HandoverRun.Writer] = []
        var served: Set<PartitionName> = []
        for account in policy.accounts.values.sorted(by: { $0.id < $1.id }) {
            guard account.channel == "facebook", served.insert(account.partition).inserted else { continue }
            var counts: [String: Int] = [:]
            for number in 0..<20_000 {
                let contact = "7\(100_000 + number)"
                let lane = try policy.lane(of: .messages(account: account.id, contact: contact))
                guard counts[lane.text, default: 0] < 8 else { continue }
                counts[lane.text, default: 0] += 1
                writers.append(HandoverRun.Writer(account: account.id, contact: contact, lane: lane))
            }
        }
        return writers
    }

    private static func milliseconds(_ sorted: [Duration], _ share: Double) -> Double {
        BenchRounding.tenths((HandoverRun.Figures.quantile(sorted, share) ?? .zero) / .milliseconds(1))
    }
}
