import ArgumentParser
import Channels
import Coordination
import Instants
import Lanes
import Membership

/// How many workers there ought to be, for people and autoscalers.
struct CapacityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity", abstract: "How many workers there ought to be now and in the next hour.",
        discussion: """
            By the coordinator that led last, which says so once a second; `at` tells the age. It fails if that is more than \
            --most-age seconds. The leader's own port answers the same under /capacity.
            """)

    @OptionGroup var redis: RedisOptions
    @Option(help: "Seconds after which an answer is too old to act on.") var mostAge: Int64 = 30
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let session = try Session(redis)
        let control = ControlStore(connection: session.store.connection, keyspace: session.connector.keyspace)
        guard let snapshot = try control.signals(), let demand = CapacityReport(snapshot) else {
            throw Failure("expected the word of a leader, found none: no coordinator has led yet")
        }
        let age = try control.state().now - snapshot.at
        guard age <= .seconds(mostAge) else {
            throw Failure(
                expected: "the word of a leader, at most \(mostAge) s old", came: "\(age)", at: "\(snapshot.at)")
        }
        Output.line(json ? demand.json(at: snapshot.at) : demand.text)
    }
}

/// The figures of `WorkerDemand`, as they are printed.
struct CapacityReport {
    private let figures: [String: Int]

    init(_ demand: WorkerDemand) {
        figures = Dictionary(demand.facts.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// Nil if the snapshot lacks one.
    init?(_ snapshot: SignalsSnapshot) {
        var figures: [String: Int] = [:]
        for signal in snapshot.signals where signal.name.hasPrefix("workers.") {
            figures[String(signal.name.dropFirst("workers.".count))] = Int(signal.value)
        }
        guard WorkerDemand([], capacities: []).facts.allSatisfy({ figures[$0.name] != nil }) else { return nil }
        self.figures = figures
    }

    func json(at instant: Instant) -> String {
        JSONValue.object([
            "at": .string(instant.description), "living_workers": figure("living"),
            "desired_workers": .object(["now": figure("desired.now"), "next_hour": figure("desired.next_hour")]),
            "load_milli_runners": .object([
                "now": figure("load_milli.now"), "next_hour": figure("load_milli.next_hour"),
            ]),
            "milli_runners_per_worker": figure("runners_milli"),
        ]).text()
    }

    var text: String {
        "\(number("living")) workers live; \(number("desired.now")) ought to now, "
            + "\(number("desired.next_hour")) in the next hour"
    }

    private func number(_ name: String) -> Int { figures[name] ?? 0 }

    private func figure(_ name: String) -> JSONValue { .integer(Int64(number(name))) }
}
