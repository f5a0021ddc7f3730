import ArgumentParser
import Foundation
import Instants
import Lanes
import Logging
import Redis
import ServiceLifecycle
import Settings

/// Everything on this machine.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run everything on this machine, with a page to write as a customer.",
        discussion: """
            A private redis-server, coordinator, workers, ingress and the sandbox channel. --sample plays a day of many \
            markets first. Ends with Ctrl-C.
            """)

    @Flag(help: "Play a sample day of many markets through signed webhooks, on a stepped clock.") var sample = false
    @Flag(help: "End after the sample day instead of staying up.") var exit = false
    @Option(help: "Seed of the sample day.") var seed: UInt64 = 1
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Option(help: "Workers.") var workers = 2
    @Option(help: "Runners a worker.") var runners = 2
    @Option(help: "Port of the ingress; 0 picks a free one.") var port: Int?
    @Option(help: "Port of the page; 0 picks a free one.") var pagePort: Int?
    @Option(help: "Folder for Redis' files and the ledger; by default a new one that is removed at the end.")
    var folder: String?
    @Option(help: "A Redis of your own instead of the private one; with --sample its namespace must be new.")
    var redis: String?
    @Option(help: "Prefix of all keys.") var namespace = "ns"
    @OptionGroup var durability: DurabilityOptions
    @Flag(help: "Log every line, not only warnings.") var verbose = false

    func validate() throws {
        guard (1...64).contains(workers), (1...64).contains(runners) else {
            throw ValidationError("expected 1 to 64 workers and runners, got \(workers) and \(runners)")
        }
        guard sample || !exit else { throw ValidationError("--exit goes with --sample") }
    }

    func run() async throws {
        let place = try WorkPlace(folder)
        defer { place.remove() }
        var server: PrivateRedisServer?
        let endpoint: RedisEndpoint
        if let redis {
            endpoint = try RedisEndpoint(parsing: redis)
        } else {
            let started = try PrivateRedisServer(folder: place.folder.appending(path: "redis"))
            endpoint = started.endpoint
            server = started
        }
        defer { server?.stop() }
        let connector = LaneConnector(
            endpoint: endpoint, keyspace: try Keyspace(namespace: namespace), durability: try durability.level)
        try await StartChecks.durability(connector, log: logger)
        try await House(self, connector: connector, place: place).run()
    }

    var logger: Logger {
        var logger = Logger(label: "nightshift")
        logger.logLevel = verbose ? .debug : .error
        return logger
    }
}

/// The folder of one `up`.
struct WorkPlace {
    let folder: URL
    private let isOurs: Bool

    init(_ path: String?) throws {
        if let path {
            folder = URL(filePath: path, directoryHint: .isDirectory).absoluteURL
            isOurs = false
        } else {
            folder = FileManager.default.temporaryDirectory.appending(
                path: "nightshift-\(UInt32.random(in: 0...(.max)))")
            isOurs = true
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Removes a folder that was made for this run; one that was named stays.
    func remove() {
        if isOurs { try? FileManager.default.removeItem(at: folder) }
    }
}
