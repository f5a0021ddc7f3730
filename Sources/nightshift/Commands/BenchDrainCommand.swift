import ArgumentParser
import Bench
import Foundation
import Instants
import Lanes
import Redis

/// How fast the spool of an ingress fills and drains.
struct BenchDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Events a second onto the spool while Redis is away, and off it afterwards.",
        discussion: "It fails if an event is missing from the logs, there twice, or out of its contact's order.")

    @Option(help: "Events that are spooled.") var events = 400_000
    @Flag(help: "Give everything other lanes while it is spooled, as a resize does.") var resize = false
    @Flag(help: "Print one JSON object.") var json = false

    private struct Line: Encodable {
        let events: Int
        let spooled_per_s: Int
        let drained_per_s: Int
        let lost: Int
        let out_of_order: Int
        let rerouted_ms: Int64?
        let meanwhile: Int
        let longest_wait_ms: Int64
    }

    func run() async throws {
        let place = try WorkPlace(nil)
        defer { place.remove() }
        let folder = place.folder.appending(path: "redis")
        var server: PrivateRedisServer?
        defer { server?.stop() }
        let run = DrainRun(
            events: events, connector: LaneConnector(endpoint: .unix(folder.appending(path: "redis.sock").path)),
            spool: place.folder.appending(path: "spool.sqlite").path, isResized: resize)
        let figures = try await run.play { server = try PrivateRedisServer(folder: folder) }
        let line = Line(
            events: figures.events, spooled_per_s: Int(Double(figures.events) / (figures.spooling / .seconds(1))),
            drained_per_s: Int(Double(figures.events) / (figures.draining / .seconds(1))), lost: figures.lost,
            out_of_order: figures.outOfOrder, rerouted_ms: figures.rerouting?.wholeMilliseconds,
            meanwhile: figures.meanwhile, longest_wait_ms: figures.longestWait.wholeMilliseconds)
        if json {
            try Output.json(line)
        } else {
            Output.line(
                "\(line.events) events: \(line.spooled_per_s)/s onto the spool, \(line.drained_per_s)/s off it")
            if let took = line.rerouted_ms {
                Output.line(
                    "other lanes after \(took) ms; of \(line.meanwhile) events meanwhile one waited "
                        + "\(line.longest_wait_ms) ms at the longest")
            }
        }
        guard line.lost == 0, line.out_of_order == 0 else {
            throw Failure("expected every event once and in order, got \(line.lost) lost, \(line.out_of_order) astray")
        }
    }
}
