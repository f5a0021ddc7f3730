/// A team as whoever asks for coverage sees it: when it is there, and whom it can serve.
package struct ServingTeam: Sendable, Hashable {
    package let name: String
    package let coverage: Coverage
    /// BCP 47 tags that it answers in.
    package let languages: Set<String>
    /// Nil: every channel.
    package let channels: Set<String>?

    package init(name: String, coverage: Coverage, languages: Set<String>, channels: Set<String>? = nil) {
        self.name = name
        self.coverage = coverage
        self.languages = languages
        self.channels = channels
    }

    package func serves(language: String, channel: String) -> Bool {
        languages.contains(language) && (channels?.contains(channel) ?? true)
    }
}

/// What has to be answered by people who can: one market's customers of one language on one channel.
package struct ServedQueue: Sendable, Hashable {
    package let language: String
    package let channel: String

    package init(language: String, channel: String) {
        self.language = language
        self.channel = channel
    }
}

/// When a market's customers find somebody, by language and channel.
///
/// All unions are made when a policy is built, so that a decision only looks one up. Nothing depends on the order of
/// the teams: they are kept by name.
package struct MarketCoverage: Sendable, Hashable {
    /// The teams that serve the market, by name.
    package let teams: [ServingTeam]
    /// Who is asked where no team serves a queue: the market's own team, so that a customer whose language nobody
    /// speaks hears the hours of those who will read the message.
    package let fallback: Coverage
    private let coverages: [ServedQueue: Coverage]

    /// - Parameters:
    ///   - languages: the languages to prepare; any other gets `fallback`.
    ///   - channels: likewise.
    package init(teams: [ServingTeam], fallback: Coverage, languages: Set<String>, channels: Set<String>) {
        let sorted = teams.sorted { $0.name < $1.name }
        self.teams = sorted
        self.fallback = fallback
        var coverages: [ServedQueue: Coverage] = [:]
        for language in languages {
            for channel in channels {
                let able = sorted.filter { $0.serves(language: language, channel: channel) }
                let coverage = Coverage(union: able.map(\.coverage))
                // A market with one team costs no look-up.
                guard !able.isEmpty, coverage != fallback else { continue }
                coverages[ServedQueue(language: language, channel: channel)] = coverage
            }
        }
        self.coverages = coverages
    }

    /// One coverage for everything: a market with one team.
    package init(_ coverage: Coverage) {
        self.init(teams: [], fallback: coverage, languages: [], channels: [])
    }

    /// O(1).
    package func coverage(language: String, channel: String) -> Coverage {
        guard !coverages.isEmpty else { return fallback }
        return coverages[ServedQueue(language: language, channel: channel)] ?? fallback
    }
}

extension Coverage {
    /// The instants at which at least one of these covers; a calendar that several have counts once.
    package init(union coverages: [Coverage]) {
        var seen = Set<BusinessCalendar>()
        self.init(coverages.flatMap(\.calendars).filter { seen.insert($0).inserted })
    }
}
