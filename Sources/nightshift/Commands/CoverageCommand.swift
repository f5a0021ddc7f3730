import ArgumentParser
import BusinessTime
import Channels
import Instants
import Settings

/// A year ahead: when nobody is there, when several teams are, and why.
struct CoverageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage", abstract: "List every gap and overlap of the teams that can serve, a year ahead.",
        discussion: """
            By market, language and channel; channels that find the same teams stand together. Gaps of every week are counted \
            once each unless --all; holidays, overrides and what exists only because of a change of clocks stand one by one. \
            --json prints every one.
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "Only this market.") var market: String?
    @Option(help: "Only this language.") var language: String?
    @Option(help: "Only this channel.") var channel: String?
    @Option(help: "First date, such as 2027-01-01; by default today.") var from: String?
    @Option(help: "How many days from then on, at most 1100.") var days = 366
    @Flag(help: "Every gap on a line of its own.") var all = false
    @Flag(help: "Print JSON lines.") var json = false

    func run() async throws {
        guard (1...1_100).contains(days) else {
            throw Failure(expected: "1 to 1100 days", came: "\(days)", at: "--days")
        }
        let plan = try HoursPlan(try ConfigFiles(folder: config.config), zones: config.zones)
        let markets = plan.markets.filter { market == nil || $0.name == market }
        guard !markets.isEmpty else {
            throw Failure(
                expected: "one of the markets " + plan.markets.map(\.name).joined(separator: ", "),
                came: "\"\(market ?? "")\"", at: "--market")
        }
        for market in markets {
            let first = try OptionDate.read(from, zone: market.zone)
            let start = market.zone.instants(for: first, secondOfDay: 0).opening
            let end = market.zone.instants(for: first.adding(days: days), secondOfDay: 0).opening
            for report in CoverageReport.reports(of: market, from: start, to: end) where isAsked(report) {
                Output.line(json ? report.jsonLines : report.lines(all: all))
            }
        }
    }

    private func isAsked(_ report: CoverageReport) -> Bool {
        (language ?? report.language) == report.language && (channel.map(report.channels.contains) ?? true)
            && !(json && report.spells.isEmpty)
    }
}

extension CoverageReport {
    fileprivate func lines(all: Bool) -> String {
        let queue = "\(market), \(language), \(channels.joined(separator: " "))"
        var lines = [
            "\(queue): \(teams.joined(separator: " "))" + (isFallback ? ", though nobody there speaks it" : "")
        ]
        if spells.isEmpty { lines.append("  always one team, never two") }
        if !all {
            for (text, count) in weekly { lines.append("  \(text), weekly hours, \(count) times") }
        }
        for spell in all ? spells : extraordinary {
            let hours = spell.length.map { Double($0.wholeMilliseconds / 60_000) / 60 }
            let length = hours.map { ", " + String(($0 * 100).rounded() / 100) + " h" } ?? ""
            lines.append("  \(text(spell, dated: true))\(length): \(why(spell))")
        }
        return lines.joined(separator: "\n")
    }

    fileprivate var jsonLines: String {
        spells.map { spell in
            func local(_ instant: Instant?) -> JSONValue {
                instant.map { .string($0.rfc3339(offsetSeconds: zone.offset(at: $0))) } ?? .null
            }
            let line: JSONValue = [
                "kind": .string(spell.kind.rawValue), "market": .string(market), "language": .string(language),
                "channels": .array(channels.map { .string($0) }), "teams": .array(teams.map { .string($0) }),
                "start": spell.start.map { .string($0.description) } ?? .null,
                "end": spell.end.map { .string($0.description) } ?? .null,
                "local": ["zone": .string(zone.name.text), "start": local(spell.start), "end": local(spell.end)],
                "minutes": spell.length.map { .integer($0.wholeMilliseconds / 60_000) } ?? .null,
                "why": .array(
                    CoverageSpell.Reason.allCases.filter(spell.reasons.contains).map { .string($0.rawValue) }),
                "explanation": .string(why(spell)), "before": .array(spell.before.map { .string($0) }),
                "after": .array(spell.after.map { .string($0) }), "both": .array(spell.teams.map { .string($0) }),
                "clock_change": spell.clockChange.map(json) ?? .null,
            ]
            return line.text()
        }.joined(separator: "\n")
    }

    private func json(_ change: CoverageSpell.ClockChange) -> JSONValue {
        [
            "zones": .array(change.zones.map { .string($0.text) }), "at": .string(change.at.description),
            "minutes": .integer(change.longer.wholeMilliseconds / 60_000), "only_reason": .bool(change.isOnlyReason),
        ]
    }
}
