package import BusinessTime
package import Contracts
internal import Conversations
internal import Foundation
package import Instants
package import Lanes

/// A person's word about a team as a policy of its own: the bundle in force with one more line in `overrides.yaml`.
///
/// Choice: a new number, a new hash, everything else byte for byte as it was. Workers take it up as any policy, within a
/// second, and replay finds in each result the policy under which it was decided. Rejected: a signal, which decisions
/// would have to ask beside the calendars, and which would be gone when the result is replayed.
extension PolicyBundle {
    package static let overridesPath = "overrides.yaml"

    /// This bundle with an override of a team, or without any if nil; overrides that are over at `now` are dropped.
    ///
    /// - Throws: `ConfigFaults` for a team that the bundle does not have.
    package func overriding(
        _ team: String, with override: HoursOverride?, now: Instant
    ) throws(ConfigFaults) -> PolicyBundle {
        let teams = try HoursPlan(self).teams
        guard teams.contains(where: { $0.name == team }) else {
            throw ConfigFaults([
                ConfigFault(
                    file: "policy", expected: "the name of a team", got: "\"\(team.prefix(60))\"",
                    nearest: NearestWord.to(team, among: teams.map(\.name)))
            ])
        }
        var overrides = Dictionary(
            teams.compactMap { team in team.override.map { (team.name, $0) } }, uniquingKeysWith: { first, _ in first })
        overrides[team] = override
        return replacingOverrides(overrides.filter { $0.value.until > now })
    }

    /// This bundle with the overrides of another that are not over at `now`, as far as it says nothing of those teams itself
    /// and has them: what keeps `publish` from undoing what somebody said an hour ago.
    package func keepingOverrides(of other: PolicyBundle, now: Instant) throws(ConfigFaults) -> PolicyBundle {
        let own = try HoursPlan(self).teams
        var overrides = Dictionary(
            own.compactMap { team in team.override.map { (team.name, $0) } }, uniquingKeysWith: { first, _ in first })
        // What cannot be read any more, having been published under other rules, holds up nothing new.
        for team in (try? HoursPlan(other))?.teams ?? [] {
            guard let override = team.override, override.until > now, overrides[team.name] == nil,
                own.contains(where: { $0.name == team.name })
            else { continue }
            overrides[team.name] = override
        }
        return overrides.isEmpty ? self : replacingOverrides(overrides)
    }

    private func replacingOverrides(_ overrides: [String: HoursOverride]) -> PolicyBundle {
        var bundle = self
        bundle.files.removeAll { $0.path == Self.overridesPath }
        guard !overrides.isEmpty else { return bundle }
        var file = BundleFile()
        file.path = Self.overridesPath
        let lines = overrides.sorted { $0.key < $1.key }.map { team, override in
            "\(team): {mode: \(override.isOpen ? "open" : "closed"), from: \"\(override.from)\", "
                + "until: \"\(override.until)\"}\n"
        }
        file.content = Data(("# Written by `nightshift hours override`.\n" + lines.joined()).utf8)
        bundle.files.append(file)
        bundle.files.sort { Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8)) }
        return bundle
    }
}

extension PolicyStore {
    /// Puts the policy in force once more, with an override of a team or, with nil, without any of it.
    ///
    /// - Parameter now: the lane clock; from it on the override holds.
    /// - Returns: the number in force afterwards; nil if nothing was ever published.
    /// - Throws: `ConfigFaults` for an unknown team, `LaneError` if Redis fails or somebody published meanwhile.
    package func publishOverride(of team: String, _ override: HoursOverride?, now: Instant) throws -> UInt64? {
        guard let stored = try current() else { return nil }
        let bundle = try PolicyBundle(canonical: stored.bytes).overriding(team, with: override, now: now)
        let policy = try Policy.build(bundle, number: 0)
        switch try publish(bundle.canonicalBytes, hash: policy.hash, expected: stored.number) {
        case .published(let number), .same(let number): return number
        case .moved(let current):
            throw LaneError.invalidRequest(
                "expected policy \(stored.number) in force, got \(current): somebody published meanwhile; say it again")
        }
    }
}
