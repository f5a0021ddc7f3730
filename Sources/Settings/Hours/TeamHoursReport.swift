package import BusinessTime
package import Instants

/// What `hours --team` prints for one instant: as for a calendar, with the team's name and what a person said of it.
package struct TeamHoursReport: Sendable, Equatable, Encodable {
    package let team: String
    package let hours: HoursReport
    package let override: Override?

    package struct Override: Sendable, Equatable, Encodable {
        package let mode: String
        package let from: String
        package let until: String
        /// Whether the instant asked for lies within.
        package let holds: Bool
    }

    /// - Parameter tzdata: the version of the zone data that the team's calendars were read with.
    package init(_ team: TeamHours, at instant: Instant, askedZone: ZoneRules?, tzdata: String) {
        self.team = team.name
        hours = HoursReport(
            name: team.calendars.joined(separator: ","), zone: team.zone, state: team.coverage.state(at: instant),
            at: instant, askedZone: askedZone, tzdata: tzdata)
        override = team.override.map {
            Override(
                mode: $0.isOpen ? "open" : "closed", from: $0.from.description, until: $0.until.description,
                holds: $0.from <= instant && instant < $0.until)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        try hours.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(team, forKey: .team)
        try container.encode(override, forKey: .override)
    }

    private enum Key: String, CodingKey {
        case team, override
    }
}
