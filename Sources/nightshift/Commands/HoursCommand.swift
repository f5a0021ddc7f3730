import ArgumentParser
import BusinessTime
import Contracts
import Instants
import Settings

/// Everything about hours: ask them, import holidays, override a team.
struct HoursCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hours",
        abstract: "Ask a calendar or a team: open or closed, until when, and when it opens next.",
        usage: """
            nightshift hours [--config <dir>] (--calendar <name> | --team <name>) --at <instant> ... [--zone <iana>]
            nightshift hours import <file.ics> --calendar <name>
            nightshift hours override <team> closed|open until <instant> | clear
            """,
        discussion: """
            Without a subcommand it asks; `hours ask --help` lists all options. `hours import` proposes holidays from an \
            iCalendar file; `hours override` says that a team is there, or is not, from now on.
            """,
        subcommands: [Ask.self, HoursImportCommand.self, HoursOverrideCommand.self], defaultSubcommand: Ask.self)

    struct Ask: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask a calendar or a team (the default).",
            discussion: """
                Prints one JSON object an instant. --at may be repeated; --at - reads instants from standard input. A \
                team's hours are the union of its calendars, under its override; with --redis or --published they are \
                those of the policy in force.
                """)

        @OptionGroup var config: ConfigOptions
        @OptionGroup var redis: RedisOptions
        @Option(help: "Name of a calendar.") var calendar: String?
        @Option(help: "Name of a team.") var team: String?
        @Flag(help: "With --team: ask the policy in force in Redis, not the folder.") var published = false
        @Option(help: "An instant such as 2026-12-24T12:00:00Z; may be repeated.") var at: [String] = []
        @Option(help: "Show the same in this zone too.") var zone: String?
        @Flag(help: "Accepted for uniformity: the output is JSON anyway.") var json = false

        func validate() throws {
            guard (calendar == nil) != (team == nil) else {
                throw ValidationError("expected --calendar or --team, got \(calendar == nil ? "neither" : "both")")
            }
        }

        func run() async throws {
            guard !at.isEmpty else { throw Failure(expected: "at least one instant", came: "none", at: "--at") }
            let zones = config.zones
            var asked: ZoneRules?
            if let zone {
                guard let name = try? ZoneName(zone), let rules = zones.rules(of: name) else {
                    throw Failure(expected: "a zone of \(zones.path)", came: "\"\(zone)\"", at: "--zone")
                }
                asked = rules
            }
            let report = try reporter(zones, asked)
            for text in at where text != "-" { try report(try Instant(rfc3339: text)) }
            guard at.contains("-") else { return }
            for try await line in try Input.lines(of: "-") where !line.allSatisfy(\.isWhitespace) {
                try report(try Instant(rfc3339: line.filter { !$0.isWhitespace }))
            }
        }

        /// Prints one object for an instant.
        private func reporter(_ zones: ZoneFolder, _ asked: ZoneRules?) throws -> (Instant) throws -> Void {
            if let calendar {
                let calendar = try NamedCalendar.read(calendar, folder: config.config, zones: zones)
                let version = zones.version
                return {
                    try Output.json(HoursReport(calendar: calendar, at: $0, askedZone: asked, tzdata: version))
                }
            }
            let (plan, version) = try plan(zones)
            guard let team = plan.teams.first(where: { $0.name == team }) else {
                throw Failure(
                    expected: "one of the teams " + plan.teams.map(\.name).joined(separator: ", "),
                    came: "\"\(team ?? "")\"", at: "--team")
            }
            return { try Output.json(TeamHoursReport(team, at: $0, askedZone: asked, tzdata: version)) }
        }

        private func plan(_ zones: ZoneFolder) throws -> (HoursPlan, tzdata: String) {
            guard published || redis.redis != nil else {
                return (try HoursPlan(try ConfigFiles(folder: config.config), zones: zones), zones.version)
            }
            guard let bundle = try Session(redis).bundleIfAny() else {
                throw Failure("expected a policy in force, found none; `nightshift publish DIR` stores one")
            }
            return (try HoursPlan(bundle), bundle.tzdata)
        }
    }
}
