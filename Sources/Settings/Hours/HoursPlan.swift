package import BusinessTime
package import Contracts
internal import Foundation

/// When the teams of a configuration are there, and whom each market's customers find.
package struct HoursPlan: Sendable {
    /// By name.
    package let teams: [TeamHours]
    /// By name; a market that refers to what is not there is left out.
    package let markets: [MarketHours]

    /// The hours of a folder's files, without compiling its languages and rules.
    ///
    /// - Throws: `ConfigFaults` with everything that is wrong with calendars, teams, markets, partitions, accounts and
    ///   channels.
    package init(_ files: ConfigFiles, zones: ZoneFolder) throws(ConfigFaults) {
        try self.init(files, ZoneLookup(find: { zones.rules(of: $0) }, names: { zones.names }))
    }

    /// The hours of a published bundle, under the zone rules that it carries.
    package init(_ bundle: PolicyBundle) throws(ConfigFaults) {
        let files = ConfigFiles(bundle.files.map { ConfigFiles.File(path: $0.path, bytes: [UInt8]($0.content)) })
        let known = Dictionary(
            bundle.zones.map { ($0.name, [UInt8]($0.tzif)) }, uniquingKeysWith: { first, _ in first })
        try self.init(
            files,
            ZoneLookup(
                find: { name in known[name.text].flatMap { try? ZoneRules(name: name, tzif: $0) } },
                names: { known.keys.sorted() }))
    }

    private init(_ files: ConfigFiles, _ lookup: ZoneLookup) throws(ConfigFaults) {
        let list = FaultList()
        let kinds = ["calendars/", "teams/", "markets/", "channels/"]
        let parsed = ParsedConfig(
            ConfigFiles(
                files.files.filter { file in
                    !file.path.contains("/") || kinds.contains { file.path.hasPrefix($0) }
                }), faults: list)
        self.init(parsed, zones: lookup)
        guard list.faults.isEmpty else { throw ConfigFaults(list.sorted) }
    }

    /// Reports references that lead nowhere at their places.
    init(_ parsed: ParsedConfig, zones: ZoneLookup) {
        var calendars: [String: BusinessCalendar] = [:]
        for (settings, value) in parsed.calendars {
            guard let rules = zones.rules(of: settings.zone, at: value) else { continue }
            calendars[settings.name.text] = settings.calendar(zone: rules)
        }
        let known = calendars
        let names = Names(parsed)
        let overrides = parsed.overrides.filter { $0.team.found(in: names.teams, "team") != nil }
        teams = parsed.teams.map { team in
            TeamHours(
                team, names, calendars: known, override: overrides.first { $0.team.text == team.name }?.override)
        }.sorted { $0.name < $1.name }
        let all = teams
        markets = parsed.markets.compactMap { MarketHours($0, parsed, names, all, calendars: known, zones) }
            .sorted { $0.name < $1.name }
    }

    /// What can be referred to.
    struct Names {
        let calendars: Set<String>
        let teams: Set<String>
        let markets: Set<String>
        let channels: Set<String>

        init(_ parsed: ParsedConfig) {
            calendars = parsed.declared[.calendar] ?? []
            teams = parsed.declared[.team] ?? []
            markets = parsed.declared[.market] ?? []
            channels = parsed.declared[.channel] ?? []
        }
    }
}

/// When one team is there.
package struct TeamHours: Sendable {
    package let name: String
    /// Names of its calendars, as the file lists them.
    package let calendars: [String]
    /// The union of its calendars, under its override.
    package let coverage: Coverage
    /// What a person said of it, whether it still runs or not.
    package let override: HoursOverride?
    package let languages: Set<String>
    package let markets: Set<String>
    package let channels: Set<String>?

    init(
        _ team: TeamSettings, _ names: HoursPlan.Names, calendars: [String: BusinessCalendar], override: HoursOverride?
    ) {
        name = team.name
        self.calendars = team.calendars.map(\.text)
        let own = team.calendars.compactMap { $0.found(in: names.calendars, "calendar") }.compactMap { calendars[$0] }
        coverage = Coverage(own).overridden(by: [override].compactMap(\.self))
        self.override = override
        languages = Set(team.languages.map(\.text))
        markets = Set(team.markets.compactMap { $0.found(in: names.markets, "market") })
        channels = team.channels.map { Set($0.compactMap { $0.found(in: names.channels, "channel") }) }
    }

    /// The zone of its first calendar; UTC if it has none.
    package var zone: ZoneRules { coverage.calendars.first?.zone ?? .utc }

    /// This team as it serves a market that names calendars of its own for it, or none.
    fileprivate func serving(with calendars: [BusinessCalendar]) -> ServingTeam {
        let coverage =
            calendars.isEmpty
            ? coverage : Coverage(calendars).overridden(by: [override].compactMap(\.self))
        return ServingTeam(name: name, coverage: coverage, languages: languages, channels: channels)
    }
}

/// When the customers of one market find somebody.
package struct MarketHours: Sendable {
    package let name: String
    /// The team that answers unless another is found.
    package let team: String
    package let language: String
    package let zone: ZoneRules
    package let coverage: MarketCoverage
    /// The channels of the market's accounts, by name.
    package let channels: [String]

    fileprivate init?(
        _ market: MarketSettings, _ parsed: ParsedConfig, _ names: HoursPlan.Names, _ teams: [TeamHours],
        calendars: [String: BusinessCalendar], _ zones: ZoneLookup
    ) {
        let zone = zones.rules(of: market.zone, at: market.zoneValue)
        let team = market.team.found(in: names.teams, "team")
        let own = market.calendars.compactMap { $0.found(in: names.calendars, "calendar") }
        guard let zone, let team else { return nil }
        let serving = teams.filter { $0.name == team || $0.markets.contains(market.name) }.map {
            $0.serving(with: $0.name == team ? own.compactMap { calendars[$0] } : [])
        }
        let partitions = Set(parsed.partitions.filter { $0.market.text == market.name }.map(\.name.text))
        channels = Set(parsed.accounts.filter { partitions.contains($0.partition.text) }.map(\.channel.text)).sorted()
        name = market.name
        self.team = team
        language = market.language.text
        self.zone = zone
        coverage = MarketCoverage(
            teams: serving, fallback: Coverage(union: serving.filter { $0.name == team }.map(\.coverage)),
            languages: serving.reduce([market.language.text]) { $0.union($1.languages) }, channels: names.channels)
    }

    /// Every language that a team speaks here, the market's own first, then by tag.
    package var languages: [String] {
        let spoken = coverage.teams.reduce(Set<String>()) { $0.union($1.languages) }
        return [language] + spoken.subtracting([language]).sorted()
    }
}
