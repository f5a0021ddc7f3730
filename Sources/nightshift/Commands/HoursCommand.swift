import ArgumentParser
import BusinessTime
import Instants
import Settings

/// Is a calendar open, until when, and when next.
struct HoursCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hours", abstract: "Ask a calendar: open or closed, until when, and when it opens next.",
        discussion:
            "Prints one JSON object an instant. --at may be repeated; --at - reads instants from standard input.")

    @OptionGroup var config: ConfigOptions
    @Option(help: "Name of the calendar.") var calendar: String
    @Option(help: "An instant such as 2026-12-24T12:00:00Z; may be repeated.") var at: [String] = []
    @Option(help: "Show the same in this zone too.") var zone: String?
    @Flag(help: "Accepted for uniformity: the output is JSON anyway.") var json = false

    func run() async throws {
        guard !at.isEmpty else { throw Failure(expected: "at least one instant", came: "none", at: "--at") }
        let zones = config.zones
        let calendar = try NamedCalendar.read(self.calendar, folder: config.config, zones: zones)
        var asked: ZoneRules?
        if let zone {
            guard let name = try? ZoneName(zone), let rules = zones.rules(of: name) else {
                throw Failure(expected: "a zone of \(zones.path)", came: "\"\(zone)\"", at: "--zone")
            }
            asked = rules
        }
        let version = zones.version
        for text in at where text != "-" {
            try Output.json(report(calendar, text, asked, version))
        }
        guard at.contains("-") else { return }
        for try await line in try Input.lines(of: "-") where !line.allSatisfy(\.isWhitespace) {
            try Output.json(report(calendar, line.filter { !$0.isWhitespace }, asked, version))
        }
    }

    private func report(
        _ calendar: BusinessCalendar, _ text: String, _ asked: ZoneRules?, _ version: String
    ) throws -> HoursReport {
        HoursReport(calendar: calendar, at: try Instant(rfc3339: text), askedZone: asked, tzdata: version)
    }
}
