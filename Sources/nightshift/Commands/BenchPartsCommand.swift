import ArgumentParser
import Bench
import Foundation
import Lanes
import Redis
import Settings
import Workers

/// How long an event takes from accepted to committed, at given rates.
struct BenchLatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "p50 and p99 from accepted to committed, at given rates over 1,000 lanes.")

    @Option(help: "Events a second; may be repeated.") var rate: [Int] = [100, 500, 1_000, 10_000]
    @Option(help: "Seconds at each rate, after two that warm up.") var seconds = 10.0
    @Option(help: "Runs at each rate; the one in the middle is printed.") var runs = 1
    @Option(help: "everysec or always.") var durability = "everysec"
    @Flag(help: "Print JSON, one object a rate.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    private struct Line: Encodable {
        let rate: Int
        let p50_ms: Double
        let p99_ms: Double
        let redis_percent: Double
        let worker_percent: Double
        let runs: Int
    }

    func run() async throws {
        let shop = try LoadShop(folder: config)
        var table = TextTable("events/s", "p50 ms", "p99 ms", "Redis % of a core", "worker % of a core")
        for rate in rate {
            var lines: [Line] = []
            for _ in 0..<max(1, runs) { lines.append(try await line(rate, shop)) }
            let middle = lines.sorted { $0.p99_ms < $1.p99_ms }[lines.count / 2]
            if json { try Output.json(middle) }
            table.add(
                "\(rate)", "\(middle.p50_ms)", "\(middle.p99_ms)", "\(middle.redis_percent)", "\(middle.worker_percent)"
            )
        }
        if !json { Output.line(table.text) }
    }

    private func line(_ rate: Int, _ shop: LoadShop) async throws -> Line {
        let server = try BenchServer(durability: durability)
        defer { server.stop() }
        let run = try LatencyRun(rate: rate, seconds: seconds, shop: shop, connector: server.connector)
        let figures = try await run.play()
        return Line(
            rate: rate, p50_ms: milliseconds(figures.latencies.quantile(0.5)),
            p99_ms: milliseconds(figures.latencies.quantile(0.99)),
            redis_percent: BenchRounding.tenths(figures.redis * 100),
            worker_percent: BenchRounding.tenths(figures.worker * 100), runs: runs)
    }

    private func milliseconds(_ duration: Duration?) -> Double {
        (((duration ?? .zero) / .microseconds(1)).rounded()) / 1_000
    }
}

/// What conversations take in Redis.
struct BenchMemoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory", abstract: "Redis memory of quiet and open conversations.")

    @Option(help: "Quiet conversations.") var quiet = 1_000_000
    @Option(help: "Open conversations, after the quiet ones.") var open = 50_000
    @Flag(help: "Print one JSON object.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    private struct Line: Encodable {
        let quiet: Int
        let quiet_mb: Double
        let quiet_state_bytes: Int
        let quiet_bytes_each: Double
        let open: Int
        let open_mb: Double
    }

    func run() async throws {
        let shop = try LoadShop(folder: config)
        let figures = try BenchServer.with { connector in
            try MemoryRun(quiet: quiet, open: open, shop: shop, connector: connector).play()
        }
        let line = Line(
            quiet: figures.quiet, quiet_mb: BenchRounding.tenths(Double(figures.quietBytes) / 1_000_000),
            quiet_state_bytes: figures.quietState,
            quiet_bytes_each: BenchRounding.tenths(Double(figures.quietBytes) / Double(max(1, figures.quiet))),
            open: figures.open, open_mb: BenchRounding.tenths(Double(figures.openBytes) / 1_000_000))
        guard !json else { return try Output.json(line) }
        Output.line(
            "\(line.quiet) quiet conversations: \(line.quiet_mb) MB (\(line.quiet_bytes_each) bytes each, "
                + "\(line.quiet_state_bytes) of them the state); \(line.open) open ones: \(line.open_mb) MB")
    }
}

/// What everything together costs while nothing happens.
struct BenchIdleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Processor time of all roles and Redis with 1,000 idle lanes.",
        discussion:
            "Starts `nightshift up` on a configuration of 1,000 lanes, waits until all are owned, then measures.")

    @Option(help: "Seconds that are measured.") var seconds = 20.0
    @Flag(help: "Print one JSON object.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    private struct Line: Encodable {
        let lanes: Int
        let percent_of_a_core: Double
        let redis_percent: Double
        let seconds: Double
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        let shop = place.folder.appending(path: "config")
        for file in try LoadShop.files(folder: config).files {
            let url = shop.appending(path: file.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.bytes).write(to: url)
        }
        let house = Process()
        house.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        house.arguments = [
            "up", "--config", shop.path, "--folder", place.folder.path, "--port", "0", "--page-port", "0",
        ]
        house.standardOutput = FileHandle.nullDevice
        house.standardError = FileHandle.nullDevice
        try house.run()
        defer {
            house.terminate()
            house.waitUntilExit()
        }
        let line = try measure(house, socket: place.folder.appending(path: "redis/redis.sock").path)
        guard !json else { return try Output.json(line) }
        Output.line(
            "\(line.lanes) idle lanes: \(line.percent_of_a_core) % of a core, \(line.redis_percent) of it Redis")
    }

    private func measure(_ house: Process, socket: String) throws -> Line {
        let connection = try awaitOwners(house, socket)
        let lanes = try TopologyStore(connection: connection, keyspace: .standard).read().lanes
        Thread.sleep(forTimeInterval: 3)
        let (own, redis) = try times(house, connection)
        let start = ContinuousClock.now
        Thread.sleep(forTimeInterval: seconds)
        let (ownLater, redisLater) = try times(house, connection)
        let passed = (ContinuousClock.now - start) / .seconds(1)
        let share = (redisLater - redis) / passed * 100
        return Line(
            lanes: lanes.count, percent_of_a_core: BenchRounding.hundredths((ownLater - own) / passed * 100 + share),
            redis_percent: BenchRounding.hundredths(share), seconds: passed.rounded())
    }

    /// Processor seconds of the house's process and of its Redis.
    private func times(_ house: Process, _ connection: RedisConnection) throws -> (Double, Double) {
        let path = "/proc/\(house.processIdentifier)/stat"
        let stat = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        // Behind the name in brackets: state, …; utime and stime are the 12th and 13th.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw Failure(expected: "processor times", came: stat, at: path)
        }
        let info = InfoFields(text: try connection.call(RedisCommand("INFO", "cpu")).string ?? "")
        let redis = ["used_cpu_user", "used_cpu_sys"].reduce(0.0) { $0 + (info[$1].flatMap { Double($0) } ?? 0) }
        return ((user + system) / Double(sysconf(CInt(_SC_CLK_TCK))), redis)
    }

    private func awaitOwners(_ house: Process, _ socket: String) throws -> RedisConnection {
        let deadline = ContinuousClock.now + .seconds(120)
        var owned = 0
        while ContinuousClock.now < deadline, house.isRunning {
            Thread.sleep(forTimeInterval: 0.2)
            guard let connection = try? RedisConnection(.unix(socket)) else { continue }
            let lanes = try TopologyStore(connection: connection, keyspace: .standard).read().lanes
            owned = try LaneStore(connection: connection, keyspace: .standard).look(lanes).filter { $0.owner != nil }
                .count
            if owned > 0, owned == lanes.count { return connection }
        }
        throw Failure("`up`: expected every lane to be owned within 120 s, got \(owned)")
    }
}

/// How long commands that read the configuration take to start.
struct BenchStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "startup", abstract: "Time of `hours` and `decide`, from start to end.")

    @Option(help: "Runs; the medians are printed.") var runs = 11
    @Flag(help: "Print one JSON object.") var json = false
    @Option(help: "The configuration folder.") var config = "config"

    private struct Line: Encodable {
        let hours_ms: Double
        let decide_ms: Double
        let runs: Int
    }

    func run() async throws {
        let hours = try median(["hours", "--config", config, "--calendar", "berlin", "--at", "2026-12-24T12:00:00Z"])
        let decide = try median(["decide", "--config", config, "/dev/null"])
        let line = Line(hours_ms: hours, decide_ms: decide, runs: runs)
        guard !json else { return try Output.json(line) }
        Output.line("hours \(hours) ms, decide \(decide) ms")
    }

    private func median(_ arguments: [String]) throws -> Double {
        var times: [Double] = []
        for _ in 0..<max(1, runs) {
            let process = Process()
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            let start = ContinuousClock.now
            try process.run()
            process.waitUntilExit()
            times.append((ContinuousClock.now - start) / .milliseconds(1))
            guard process.terminationStatus == 0 else {
                throw Failure(
                    expected: "exit code 0", came: "\(process.terminationStatus)", at: arguments.joined(separator: " "))
            }
        }
        return BenchRounding.tenths(times.sorted()[times.count / 2])
    }
}

enum BenchRounding {
    static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    static func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
