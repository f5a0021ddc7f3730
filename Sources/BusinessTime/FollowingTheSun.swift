package import Instants

/// Who of several teams has what waits: routing that follows the sun.
///
/// A customer belongs to a team that is there and can answer. Of several that are there the one that has it already keeps
/// it; else the one that stays longest, so that nothing is handed over twice; of equals the first by name. Rejected: the
/// one with the least to do, which would need signals and send one conversation to and fro.
extension MarketCoverage {
    /// The teams that can serve a queue, by name; empty if nobody speaks the language.
    package func able(language: String, channel: String) -> [ServingTeam] {
        teams.filter { $0.serves(language: language, channel: channel) }
    }

    /// The team that is there and can serve; nil if none is. O(teams).
    package func team(
        at instant: Instant, language: String, channel: String, preferring name: String
    ) -> ServingTeam? {
        var best: (team: ServingTeam, until: Instant)?
        for team in able(language: language, channel: channel) where team.coverage.isOpen(at: instant) {
            if team.name == name { return team }
            let until = team.coverage.state(at: instant).until ?? .distantFuture
            if let best, until <= best.until { continue }
            best = (team, until)
        }
        return best?.team
    }

    /// When somebody else has to be looked for: the close of the team that has it, or, while that is not there, the next
    /// opening of any that can serve; nil if there is none within 400 days.
    package func boundary(after instant: Instant, of name: String, language: String, channel: String) -> Instant? {
        let able = able(language: language, channel: channel)
        if let team = able.first(where: { $0.name == name }) {
            let state = team.coverage.state(at: instant)
            if state.isOpen { return state.until }
        }
        return able.compactMap { $0.coverage.nextOpening(atOrAfter: instant) }.min()
    }
}
