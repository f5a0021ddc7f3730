import ArgumentParser
import Channels
import Contracts
import Conversations
import Foundation
import Ingress
import Instants
import Lanes
import SwiftProtobuf

/// Puts events into lanes, as a producer without HTTP.
struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "Append events: JSON lines in, one answer a line out.",
        discussion: """
            Answers: {"id","lane","entry","index"}, or {"id","error":{"expected","came","where"}}. Exit code 0 only if \
            every event is held.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "A file of Event lines; - is standard input.") var file = "-"

    /// Lines that are appended together.
    private static let linesAtOnce = 500

    func run() async throws {
        let session = try Session(redis)
        let topology = try session.topology()
        let appender = LaneAppender(connector: session.connector)
        defer { appender.stop() }
        var number = 0
        var failed = 0
        var lines: [(number: Int, text: String)] = []
        for try await line in try Input.lines(of: file) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            lines.append((number, line))
            if lines.count == Self.linesAtOnce {
                failed += await append(lines, topology, appender)
                lines.removeAll()
            }
        }
        failed += await append(lines, topology, appender)
        if failed > 0 { throw ExitCode(1) }
    }

    private func append(
        _ lines: [(number: Int, text: String)], _ topology: Topology, _ appender: LaneAppender
    ) async -> Int {
        var answers = [JSONValue?](repeating: nil, count: lines.count)
        var events: [(index: Int, event: LaneEvent)] = []
        for (index, line) in lines.enumerated() {
            do {
                events.append((index, try Self.event(line.text, at: line.number, topology)))
            } catch let error as EventJSONError {
                answers[index] = ["id": .null, "error": error.json]
            } catch {
                answers[index] = [
                    "id": .null,
                    "error": [
                        "expected": "an event of this topology", "came": .string("\(error)"),
                        "where": .string("line \(line.number)"),
                    ],
                ]
            }
        }
        let results = await appender.append(events.map(\.event))
        for (entry, result) in zip(events, results) {
            answers[entry.index] = Self.answer(entry.event, result, line: lines[entry.index].number)
        }
        for answer in answers.compactMap(\.self) { Output.line(answer.text()) }
        return answers.count { $0?["error"] != nil }
    }

    private static func event(_ text: String, at line: Int, _ topology: Topology) throws -> LaneEvent {
        do {
            var event = try EventJSON.event(from: Array(text.utf8))
            if event.receivedAt == 0 {
                event.stamp(received: Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)))
            }
            return try topology.laneEvent(event)
        } catch let error as EventJSONError {
            throw error.at(line: line)
        }
    }

    private static func answer(_ event: LaneEvent, _ result: AppendResult, line: Int) -> JSONValue {
        switch result {
        case .held(let position):
            var fields: [String: JSONValue] = ["id": .string(event.id), "lane": .string(event.lane.text)]
            if let position {
                fields["entry"] = .string(position.entry.description)
                fields["index"] = .integer(Int64(position.index))
            }
            return .object(fields)
        case .refused(let refusal):
            return [
                "id": .string(event.id),
                "error": [
                    "expected": "a lane that takes the event", "came": .string(refusal.description),
                    "where": .string("line \(line), lane \(event.lane)"),
                ],
            ]
        }
    }
}
