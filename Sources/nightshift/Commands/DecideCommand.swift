import ArgumentParser
import Channels
import Contracts
import Conversations
import Foundation
import Instants
import Settings

/// A dry run without Redis: what would be decided, and what done.
struct DecideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Decide events without Redis: Event lines in, results and actions out.",
        discussion: """
            The clock is each line's received_at (default happened_at); timers due before it fire first; then it runs on \
            to --until (default: the last line).
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "A JSON file of signals: {\"number\":1,\"signals\":[{\"name\",\"value\",\"at\",\"writer\"}]}.")
    var signals: String?
    @Option(help: "Run the clock on to this instant.") var until: String?
    @Option(help: "delivered: each action succeeds when it is decided; input: outcomes are in the input.")
    var outcomes: DryRun.Outcomes = .delivered
    @Argument(help: "A file of Event lines; - is standard input.") var file = "-"

    func run() async throws {
        let policy = try config.policy()
        let end = try until.map { try Instant(rfc3339: $0) }
        var dryRun = DryRun(policy: policy, signals: try SignalsFile.read(signals), outcomes: outcomes)
        var number = 0
        for try await line in try Input.lines(of: file) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do throws(EventJSONError) {
                emit(dryRun.take(try EventJSON.event(from: Array(line.utf8))), policy)
            } catch {
                throw Failure(error.at(line: number).description)
            }
        }
        if let end { emit(dryRun.run(until: end), policy) }
    }

    private func emit(_ lines: [DryRun.Line], _ policy: Policy) {
        for line in lines {
            switch line {
            case .result(let result): Output.line(DecisionJSON.value(of: result, policy: policy.hashText).text())
            case .action(let action): Output.line(DecisionJSON.value(of: action).text())
            }
        }
    }
}

extension DryRun.Outcomes: ExpressibleByArgument {}

/// The file of `decide --signals`.
private enum SignalsFile {
    static func read(_ path: String?) throws -> Signals {
        guard let path else { return .none }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(expected: "a file that can be read", came: "none", at: path)
        }
        let document = try JSONValue(parsing: Array(data))
        guard let list = document["signals"]?.array else {
            throw Failure(expected: "{\"signals\":[…]}", came: document.typeWord, at: path)
        }
        var values: [String: Signal] = [:]
        for (index, item) in list.enumerated() {
            guard let name = item["name"]?.string, let value = item["value"]?.string, let at = item["at"]?.string,
                let writer = item["writer"]?.string
            else {
                throw Failure(
                    expected: "name, value, at and writer as strings", came: item.text(), at: "\(path), signal \(index)"
                )
            }
            values[name] = Signal(value: value, at: try Instant(rfc3339: at).milliseconds, writer: writer)
        }
        return Signals(number: UInt64(clamping: document["number"]?.integer ?? 0), values: values)
    }
}
