package import BusinessTime
package import Instants

/// What `coverage` prints: every gap and overlap of one market's queues that the same teams serve.
package struct CoverageReport: Sendable {
    package let market: String
    package let language: String
    /// Channels whose customers find the same teams.
    package let channels: [String]
    package let teams: [String]
    /// Nobody speaks the language here: the market's own team is taken.
    package let isFallback: Bool
    package let zone: ZoneRules
    package let spells: [CoverageSpell]

    /// All reports of a market, its own language first.
    package static func reports(of market: MarketHours, from: Instant, to: Instant) -> [CoverageReport] {
        market.languages.flatMap { language -> [CoverageReport] in
            var groups: [(teams: [ServingTeam], channels: [String])] = []
            for channel in market.channels {
                let able = market.coverage.teams.filter { $0.serves(language: language, channel: channel) }
                if let index = groups.firstIndex(where: { $0.teams == able }) {
                    groups[index].channels.append(channel)
                } else {
                    groups.append((able, [channel]))
                }
            }
            return groups.map { teams, channels in
                let own = market.coverage.teams.filter { $0.name == market.team }
                let serving = teams.isEmpty ? own : teams
                return CoverageReport(
                    market: market.name, language: language, channels: channels, teams: serving.map(\.name),
                    isFallback: teams.isEmpty, zone: market.zone,
                    spells: CoverageSurvey(of: serving, from: from, to: to).spells)
            }
        }
    }

    /// Spells that are so every week, by where in the market's week they lie, and the rest one by one.
    package var weekly: [(text: String, count: Int)] {
        var counts: [String: (first: Int, count: Int)] = [:]
        for (position, spell) in spells.enumerated() where spell.isOrdinary {
            let text = self.text(spell, dated: false)
            counts[text, default: (position, 0)].count += 1
        }
        return counts.sorted { $0.value.first < $1.value.first }.map { ($0.key, $0.value.count) }
    }

    package var extraordinary: [CoverageSpell] { spells.filter { !$0.isOrdinary } }

    /// A spell in the market's clock, for people.
    package func text(_ spell: CoverageSpell, dated: Bool) -> String {
        func clock(_ instant: Instant?) -> String {
            guard let instant else { return "…" }
            let local = instant.rfc3339(offsetSeconds: zone.offset(at: instant))
            let weekday = Weekday(of: zone.localTime(of: instant).date).rawValue
            return weekday + " " + (dated ? local.prefix(10) + " " : "") + local.dropFirst(11).prefix(5)
        }
        let teams = spell.teams.isEmpty ? "" : ", " + spell.teams.joined(separator: " and ")
        return "\(spell.kind.rawValue) \(clock(spell.start)) to \(clock(spell.end))\(teams)"
    }

    /// Why, in words.
    package func why(_ spell: CoverageSpell) -> String {
        CoverageSpell.Reason.allCases.filter(spell.reasons.contains).map { reason in
            switch reason {
            case .weekly: "weekly hours"
            case .exception: spell.exceptions.map(Self.text).joined(separator: ", ")
            case .clockChange: spell.clockChange.map(clockChange) ?? ""
            case .validity: "a calendar is not valid"
            case .override: "somebody said so (hours override)"
            case .nobody: "nobody ever"
            }
        }.joined(separator: "; ")
    }

    private func clockChange(_ change: CoverageSpell.ClockChange) -> String {
        let zones = change.zones.map(\.text).joined(separator: ", ")
        let minutes = change.longer.wholeMilliseconds / 60_000
        let date = zone.localTime(of: change.at).date.text
        return change.isOnlyReason
            ? "only for the clocks of \(zones), \(date)" : "\(minutes) min longer for the clocks of \(zones), \(date)"
    }

    private static func text(_ exception: CoverageSpell.NamedException) -> String {
        let dates = (exception.first...exception.last).text
        return (exception.name.map { "\($0) " } ?? "") + "\(exception.calendar) \(dates)"
    }
}

extension CoverageSpell {
    /// So every week, and with both ends: not worth a line of its own.
    package var isOrdinary: Bool { reasons == [.weekly] && start != nil && end != nil }

    /// Between both ends; nil if it has not both.
    package var length: Duration? {
        if let start, let end { end - start } else { nil }
    }
}
