import ArgumentParser
import Channels
import Conversations
import Settings
import TextRules

/// The text rules alone: what they find in texts, and what moderation would do.
struct ClassifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify", abstract: "Show what the text rules find in texts, and what moderation would do.",
        discussion: """
            Reads lines of language, tab, text; a first line that starts with language or lang is skipped; the language \
            und is told from the text. Prints one JSON object a text, in order; start and end are UTF-8 byte offsets.
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "A market of the configuration, for its own domains and its competitors.") var market: String?
    @Option(name: .customLong("as"), help: "comment or message: whether the texts stand in public.")
    var place: TextPlace = .comment
    @Flag(help: "Accepted for uniformity: the output is JSON anyway.") var json = false
    @Argument(help: "A file of lines; - is standard input.") var file = "-"

    func run() async throws {
        let policy = try config.policy()
        if let market, policy.markets[market] == nil {
            throw Failure(
                expected: "a market: \(policy.markets.keys.sorted().joined(separator: ", "))", came: "\"\(market)\"",
                at: "--market")
        }
        var number = 0
        var page: [String] = []
        for try await line in try Input.lines(of: file) {
            number += 1
            let line = line.hasSuffix("\r") ? line.dropLast() : Substring(line)
            if number == 1, line.hasPrefix("language") || line.hasPrefix("lang\t") || line == "lang" { continue }
            if line.isEmpty { continue }
            guard let tab = line.firstIndex(of: "\t") else {
                throw Failure(expected: "language, tab, text", came: "\"\(line.prefix(60))\"", at: "\(file):\(number)")
            }
            let language = String(line[..<tab])
            let said = policy.texts.classify(
                String(line[line.index(after: tab)...]), language: language == "und" ? nil : language, market: market,
                place: place)
            page.append(Self.json(said, line: number).text())
            if page.count == 256 {
                Output.line(page.joined(separator: "\n"))
                page.removeAll(keepingCapacity: true)
            }
        }
        if !page.isEmpty { Output.line(page.joined(separator: "\n")) }
    }

    private static func json(_ said: Classification, line: Int) -> JSONValue {
        [
            "line": .integer(Int64(line)), "language": said.language.map { .string($0) } ?? .null,
            "classes": .array(TextClass.allCases.filter { said.classes.contains($0) }.map { .string($0.rawValue) }),
            "matches": .array(
                said.matches.map { match in
                    [
                        "class": .string(match.class), "rule": .string(match.rule),
                        "start": .integer(Int64(match.start)), "end": .integer(Int64(match.end)),
                    ]
                }),
            "guard": .bool(said.guard), "moderation": .string(said.moderation.rawValue),
            "intent": said.intent.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

extension TextPlace: ExpressibleByArgument {}
