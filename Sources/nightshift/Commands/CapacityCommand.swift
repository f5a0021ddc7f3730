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
            By the coordinator that led last, which says so once a second; for its first half minute a new leader repeats what \
            the one before it said. `at` tells the age. It fails if that is more than --most-age seconds. The leader's own \
            port answers the same under /capacity.
            """)

    @OptionGroup var redis: RedisOptions
    @Option(help: "Seconds after which an answer is too old to act on.") var mostAge: Int64 = 60
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let session = try Session(redis)
        let control = ControlStore(connection: session.store.connection, keyspace: session.connector.keyspace)
        guard let word = try control.signals().flatMap({ DemandWord($0.signals) }) else {
            throw Failure("expected the word of a leader, found none: no coordinator has led for half a minute yet")
        }
        let age = try control.state().now - word.at
        guard age <= .seconds(mostAge) else {
            throw Failure(
                expected: "the word of a leader, at most \(mostAge) s old", came: "\(age)", at: "\(word.at)")
        }
        let report = CapacityReport(word)
        Output.line(json ? report.json : report.text)
    }
}

/// How many workers there ought to be, as it is printed.
struct CapacityReport {
    private let word: DemandWord

    init(_ word: DemandWord) { self.word = word }

    var json: String {
        let figures = Dictionary(word.demand.facts) { first, _ in first }
        func figure(_ name: String) -> JSONValue { .integer(Int64(figures[name] ?? 0)) }
        return JSONValue.object([
            "at": .string(word.at.description), "living_workers": figure("living"),
            "desired_workers": .object(["now": figure("desired.now"), "next_hour": figure("desired.next_hour")]),
            "load_milli_runners": .object([
                "now": figure("load_milli.now"), "next_hour": figure("load_milli.next_hour"),
            ]),
            "milli_runners_per_worker": figure("runners_milli"),
        ]).text()
    }

    var text: String {
        let demand = word.demand
        return "\(demand.living) workers live; \(demand.now) ought to now, \(demand.nextHour) in the next hour"
    }
}
