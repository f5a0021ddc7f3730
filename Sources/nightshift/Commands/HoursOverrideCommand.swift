import ArgumentParser
import BusinessTime
import Instants
import Settings

/// A team closes early today, or works tonight.
struct HoursOverrideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "override", abstract: "Say that a team is there, or is not, from now until an instant.",
        usage: """
            nightshift hours override <team> closed|open until <instant> [--redis <url>] [--json]
            nightshift hours override <team> clear [--redis <url>] [--json]
            """,
        discussion: """
            Publishes the policy in force once more with this override, so workers heed it within a second and replay finds \
            it. It is over by itself at the instant; a new one replaces it, `clear` takes it back. `publish` keeps it.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "Name of the team.") var team: String
    @Argument(help: "closed until INSTANT, open until INSTANT, or clear.") var words: [String]
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let session = try Session(redis)
        let now = try session.now()
        let override = try said(now)
        if override == nil, try running(session, now) == nil {
            throw Failure(expected: "an override of \(team) that still runs", came: "none", at: "clear")
        }
        let number = try session.override(team, with: override, now: now)
        let mode = override.map { $0.isOpen ? "open" : "closed" } ?? "as its calendars say"
        if json {
            var facts = ["team": team, "mode": override == nil ? "clear" : mode, "policy": "\(number)"]
            facts["from"] = (override?.from ?? now).description
            facts["until"] = override?.until.description
            try Output.json(facts)
        } else {
            let until = override.map { " until \($0.until)" } ?? ""
            Output.line("\(team)  \(mode)\(until), policy \(number) in force")
        }
    }

    private func running(_ session: Session, _ now: Instant) throws -> HoursOverride? {
        let team = try session.bundleIfAny().flatMap { try HoursPlan($0).teams.first { $0.name == self.team } }
        return team?.override.flatMap { $0.until > now ? $0 : nil }
    }

    /// Nil for `clear`.
    private func said(_ now: Instant) throws -> HoursOverride? {
        if words == ["clear"] { return nil }
        guard words.count == 3, ["closed", "open"].contains(words[0]), words[1] == "until" else {
            throw Failure(
                expected: "closed until INSTANT, open until INSTANT, or clear",
                came: "\"\(words.joined(separator: " "))\"", at: "after the team")
        }
        let until = try Instant(rfc3339: words[2])
        guard let override = HoursOverride(isOpen: words[0] == "open", from: now, until: until) else {
            throw Failure(
                expected:
                    "an instant after \(now), at most \(HoursOverride.longest.wholeMilliseconds / 86_400_000) days later",
                came: "\(until)", at: "until")
        }
        return override
    }
}
