import ArgumentParser
import Bench
import Foundation
import Lanes
import Settings

/// What a coordinator of a large cluster takes.
struct BenchCoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Memory and processor time of a coordinator with many workers and lanes.",
        discussion: """
            The coordinator is a process of its own with every partition in its policy; the workers are made up, in this \
            process: they beat once a second and take what they are given. One of them dies at the end.
            """)

    @Option(help: "Workers.") var workers = 1_000
    @Option(help: "Lanes, in partitions of 8.") var lanes = 50_000
    @Option(help: "Seconds of each measurement.") var seconds = 15.0
    @Flag(help: "Print one JSON object.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    func validate() throws {
        guard (2...4_000).contains(workers), (8...72_000).contains(lanes), seconds >= 1 else {
            throw ValidationError("expected 2 to 4,000 workers, 8 to 72,000 lanes and at least a second")
        }
    }

    private struct Line: Encodable {
        let workers: Int
        let lanes: Int
        let rss_mb: Double
        let hwm_mb: Double
        let coordinator_percent: Double
        let redis_percent: Double
        let heartbeats_redis_percent: Double
        let plan_ms: Double
        let placed_s: Double
        let recovered_s: Double
        let lost_lanes: Int
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        let server = try PrivateRedisServer(folder: place.folder.appending(path: "redis"))
        defer { server.stop() }
        let connector = LaneConnector(endpoint: server.endpoint)
        let session = try Session(connector)
        let files = try LoadShop.files(folder: config, partitions: (lanes + 7) / 8)
        _ = try session.publish(files, zones: ZoneFolder()) { TopologyWish($0) }
        let port = try FreePort.choose(0, option: "bench")
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let run = try CoordinatorRun(
            connector, members: workers, lanes: try session.lanes(), seconds: seconds,
            command: [
                executable, "coordinator", "--redis", "\(place.folder.path)/redis/redis.sock", "--name", "c1", "--port",
                "\(port)",
            ], folder: place.folder.path)
        defer { run.end() }
        let figures = try run.play()
        let line = Self.line(workers, figures, plan: try await run.plan(port: port))
        guard !json else { return try Output.json(line) }
        Output.line(
            """
            \(line.workers) workers, \(line.lanes) lanes: coordinator \(line.rss_mb) MB, at most \(line.hwm_mb) MB, \
            \(line.coordinator_percent) % of a core, a plan in \(line.plan_ms) ms; Redis \(line.redis_percent) % of a core, \
            \(line.heartbeats_redis_percent) % for heartbeats; all placed after \(line.placed_s) s, \(line.lost_lanes) lanes \
            of a dead worker taken after \(line.recovered_s) s
            """)
    }

    private static func line(_ workers: Int, _ figures: CoordinatorRun.Figures, plan: Double) -> Line {
        func tenths(_ value: Double) -> Double { BenchRounding.tenths(value) }
        return Line(
            workers: workers, lanes: figures.lanes, rss_mb: tenths(Double(figures.resident) / 1_000_000),
            hwm_mb: tenths(Double(figures.mostResident) / 1_000_000),
            coordinator_percent: tenths(figures.coordinator * 100), redis_percent: tenths(figures.redis * 100),
            heartbeats_redis_percent: tenths(figures.heartbeats * 100), plan_ms: tenths(plan * 1_000),
            placed_s: tenths(figures.placed / .seconds(1)), recovered_s: tenths(figures.recovered / .seconds(1)),
            lost_lanes: figures.lost)
    }
}
