import ArgumentParser
import Bench
import Foundation
import Settings
import Workers

/// How fast webhooks come in.
struct BenchIngressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingress", abstract: "Signed webhooks over HTTP into a real ingress, and one while Redis is away.",
        discussion: "It fails if a body is refused, or if an update is missing from the logs or there twice.")

    @Option(help: "Seconds of each stretch.") var seconds = 10
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Flag(help: "Print JSON, one object a stretch.") var json = false

    private struct Line: Encodable {
        let updates_per_body: Int
        let updates_per_s: Int
        let p50_ms: Double
        let p99_ms: Double
        let redis: Double
    }

    func validate() throws {
        guard (1...600).contains(seconds) else { throw ValidationError("expected 1 to 600 seconds, got \(seconds)") }
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        var site = try GroundPlan(config: config, zoneinfo: zoneinfo).site(place, durability: "everysec", ports: 1)
        site.ingressOptions = ["--spool", "\(place.folder.path)/spool.sqlite"]
        let outcome = try await IngressRun(site, seconds: seconds).play()
        for one in outcome.stretches {
            let line = Line(
                updates_per_body: one.perBody, updates_per_s: one.updatesPerSecond,
                p50_ms: milliseconds(one.latencies.quantile(0.5)), p99_ms: milliseconds(one.latencies.quantile(0.99)),
                redis: (one.redis * 100).rounded() / 100)
            if json {
                try Output.json(line)
            } else {
                Output.line(
                    "\(line.updates_per_s) updates/s in bodies of \(line.updates_per_body): p50 \(line.p50_ms) ms, "
                        + "p99 \(line.p99_ms) ms, Redis \(Int(line.redis * 100)) % of a core")
            }
        }
        Output.line("1000 updates in one body while Redis is away: 200 after \(milliseconds(outcome.whileAway)) ms")
        let refused = outcome.stretches.reduce(0) { $0 + $1.refused }
        guard refused == 0, outcome.astray == 0 else {
            throw Failure(
                "expected every body taken and in the logs once, got \(refused) refused, \(outcome.astray) astray")
        }
    }

    private func milliseconds(_ time: Duration?) -> Double {
        ((time ?? .zero) / .milliseconds(1) * 10).rounded() / 10
    }
}
