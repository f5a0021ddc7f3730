import ArgumentParser
import Channels
import Contracts
import Lanes
import SwiftProtobuf

/// Events that could not be decided: shown, and put in again after the cause is mended.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "List dead letters, or put one in again.",
        subcommands: [List.self, Replay.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line a dead letter.")

        @OptionGroup var redis: RedisOptions
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let session = try Session(redis)
            for lane in try session.readableLanes() {
                for letter in try session.deadLetters(of: lane) {
                    Output.line(json ? Self.json(letter).text() : "\(lane)  \(letter.entry)  \(letter.letter.error)")
                }
            }
        }

        private static func json(_ stored: StoredDeadLetter) -> JSONValue {
            [
                "lane": .string(stored.lane.text), "letter": .string(stored.entry.description),
                "entry": .string("\(stored.letter.entryMs)-\(stored.letter.entrySequence)"),
                "index": .integer(Int64(stored.letter.index)), "error": .string(stored.letter.error),
                "strikes": .integer(Int64(stored.letter.strikes)), "bytes": .integer(Int64(stored.letter.event.count)),
            ]
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Append a dead letter's event again; it is decided in its new place.",
            discussion: "A dead event's id was not remembered, so it is no duplicate. The letter stays until it ages.")

        @OptionGroup var redis: RedisOptions
        @Option(help: "The lane.") var lane: String
        @Argument(help: "The letter's own id, as `dead list` prints it.") var letter: String

        func run() async throws {
            let session = try Session(redis)
            let lane = try LaneName(lane)
            guard let stored = try session.deadLetters(of: lane).first(where: { $0.entry.description == letter }) else {
                throw Failure(expected: "the id of a dead letter", came: "\"\(letter)\"", at: "lane \(lane)")
            }
            let appender = LaneAppender(connector: session.connector)
            defer { appender.stop() }
            let event = try session.laneEvent(of: stored)
            for result in await appender.append([event]) {
                guard case .held(let position) = result else {
                    throw Failure("\(lane): expected the event held, got \(result)")
                }
                Output.line("\(lane)  \(position?.description ?? "held")")
            }
        }
    }
}

extension Session {
    /// The same bytes for the lane that the conversation has now; what cannot be read goes where it was.
    fileprivate func laneEvent(of stored: StoredDeadLetter) throws -> LaneEvent {
        let bytes = Array(stored.letter.event)
        let topology = try topology()
        if let event = try? Event(serializedBytes: bytes), let placed = try? topology.laneEvent(event, bytes: bytes) {
            return placed
        }
        return LaneEvent(
            lane: stored.lane, id: stored.entry.description, bytes: bytes,
            generation: topology.generation(of: stored.lane))
    }

    func deadLetters(of lane: LaneName) throws -> [StoredDeadLetter] {
        var letters: [StoredDeadLetter] = []
        while true {
            let page = try store.deadLetters(lane, after: letters.last?.entry ?? .start, most: 100)
            letters += page
            if page.count < 100 { return letters }
        }
    }
}
