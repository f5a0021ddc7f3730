package import BusinessTime
internal import Conversations

/// One whole reading of a configuration: either what it says, or everything that is wrong with it.
package struct ConfigCheck: Sendable {
    /// In the order of files and places; each once.
    package let faults: [ConfigFault]
    let config: CheckedConfig?

    package var isFaultless: Bool { faults.isEmpty }

    /// Everybody whom a team calls, by name; none if there are faults.
    package var called: Set<String> {
        var names: Set<String> = []
        for team in config?.teams ?? [] {
            for step in team.ladder {
                switch step.target {
                case .team: names.formUnion([team.name, team.onCall])
                case .onCall: names.insert(team.onCall)
                case .named(let name): names.insert(name)
                }
            }
        }
        return names.subtracting([""])
    }

    /// Reads all files, follows all references, compiles all texts; O(bytes).
    ///
    /// - Parameters:
    ///   - zone: the rules of a zone, nil if there is no such zone.
    ///   - zoneNames: all names, asked for only to suggest one.
    ///   - compilesTexts: whether a policy is to be made of it, which needs the text rules.
    ///   - demandsLogin: whether an Instagram account must say how our app got at it. Bundles that older versions
    ///     published do not; they stay readable, for the policy in force and for replays.
    ///   - threads: so many work at it, the calling one among them.
    package init(
        _ files: ConfigFiles, zone: @escaping (ZoneName) -> ZoneRules?,
        zoneNames: @escaping () -> [String] = { [] }, compilesTexts: Bool = false, demandsLogin: Bool = true,
        threads: Int = 1
    ) {
        let list = FaultList()
        let parsed = ParsedConfig(files, faults: list, threads: threads)
        let config = CheckedConfig(
            parsed, zones: ZoneLookup(find: zone, names: zoneNames), faults: list, compilesTexts: compilesTexts,
            demandsLogin: demandsLogin, threads: threads)
        var seen: [ConfigFault] = []
        for fault in list.sorted where seen.last != fault { seen.append(fault) }
        faults = seen
        self.config = seen.isEmpty ? config : nil
    }

    /// The same with zones from a folder.
    package init(
        _ files: ConfigFiles, zones: ZoneFolder = ZoneFolder(), compilesTexts: Bool = false, threads: Int = Jobs.threads
    ) {
        self.init(
            files, zone: { zones.rules(of: $0) }, zoneNames: { zones.names }, compilesTexts: compilesTexts,
            threads: threads)
    }
}

/// Zones found so far, so that each file is read once and a wrong name is reported at its place.
final class ZoneLookup {
    private let find: (ZoneName) -> ZoneRules?
    private let names: () -> [String]
    private(set) var found: [ZoneName: ZoneRules] = [:]

    init(find: @escaping (ZoneName) -> ZoneRules?, names: @escaping () -> [String]) {
        self.find = find
        self.names = names
    }

    func rules(of zone: ZoneName, at value: ConfigValue) -> ZoneRules? {
        if let rules = found[zone] { return rules }
        guard let rules = find(zone) else {
            value.fault(
                "an IANA zone that the zone data has", got: "\"\(zone)\"",
                nearest: NearestWord.to(zone.text, among: names()))
            return nil
        }
        found[zone] = rules
        return rules
    }
}
