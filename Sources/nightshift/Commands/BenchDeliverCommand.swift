import ArgumentParser
import Bench
import Foundation
import Settings

/// How fast one worker's answers go out.
struct BenchDeliverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver",
        abstract: "Answers a second of one worker, over HTTP, to a platform that takes its time.",
        discussion: "It fails if an event is lost or answered twice, or a conversation's answers came out of order.")

    @Option(help: "Customers; each is answered twice.") var customers = 20_000
    @Option(help: "Milliseconds before each answer of the platform's double.") var latency = 50
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Flag(help: "Print one JSON object.") var json = false

    private struct Line: Encodable {
        let deliveries: Int
        let deliveries_per_s: Int
        let best_second: Int
        let out_of_order: Int
    }

    func validate() throws {
        guard (100...1_000_000).contains(customers) else {
            throw ValidationError("expected 100 to 1000000 customers, got \(customers)")
        }
        guard (0...5_000).contains(latency) else {
            throw ValidationError("expected a latency from 0 to 5000 ms, got \(latency)")
        }
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        var site = try GroundPlan(config: try unlimited(place.folder), zoneinfo: zoneinfo).site(
            place, durability: "everysec", ports: 3)
        site.ingressOptions = ["--spool", "\(place.folder.path)/spool.sqlite"]
        let figures = try await DeliverRun(site, customers: customers, latency: .milliseconds(latency)).play()
        let line = Line(
            deliveries: figures.deliveries, deliveries_per_s: figures.perSecond, best_second: figures.most,
            out_of_order: figures.outOfOrder)
        if json {
            try Output.json(line)
        } else {
            Output.line(
                "\(line.deliveries) answers at \(latency) ms: \(line.deliveries_per_s)/s, "
                    + "best second \(line.best_second)")
        }
        guard figures.faults.isEmpty else {
            throw Failure("expected every answer once and in order, got:\n" + figures.faults.joined(separator: "\n"))
        }
    }

    /// A copy of the configuration without the platform's limits on an account: what is measured is ours.
    private func unlimited(_ folder: URL) throws -> String {
        let copy = folder.appending(path: "config")
        try FileManager.default.copyItem(at: URL(filePath: config), to: copy)
        let file = copy.appending(path: "channels/facebook.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var isInside = false
        let kept = lines.filter { line in
            if line.hasPrefix("limits:") { isInside = true } else if !line.hasPrefix(" ") { isInside = false }
            return !isInside
        }
        try Data(kept.joined(separator: "\n").utf8).write(to: file)
        return copy.path
    }
}
