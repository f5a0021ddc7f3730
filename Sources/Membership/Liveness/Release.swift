package import Instants

/// Of which release a living process is, as it says itself: workers with each heartbeat, coordinators and ingresses with a record
/// of their own (`ControlStore.attend`).
package struct Release: Sendable, Hashable {
    package let id: MemberID
    /// `worker`, `coordinator`, `ingress`; another word is a role of a later release.
    package let role: String
    /// Of the program, for people.
    package let version: String
    package let featureLevel: UInt64
    /// Redis' clock.
    package let beatAt: Instant
    package let until: Instant

    package init(
        id: MemberID, role: String, version: String, featureLevel: UInt64, beatAt: Instant, until: Instant
    ) {
        self.id = id
        self.role = role
        self.version = version
        self.featureLevel = featureLevel
        self.beatAt = beatAt
        self.until = until
    }

    package init(_ member: MemberRecord) {
        self.init(
            id: member.id, role: "worker", version: member.version, featureLevel: member.featureLevel,
            beatAt: member.beatAt, until: member.until)
    }

    /// Reads the value that `attend` stores: `beat|until|feature|role|version`, instants in milliseconds of Redis' clock.
    init?(id: MemberID, stored text: String) {
        let parts = text.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let beatAt = Int64(parts[0]), let until = Int64(parts[1]),
            let featureLevel = UInt64(parts[2])
        else { return nil }
        self.init(
            id: id, role: String(parts[3]), version: String(parts[4]), featureLevel: featureLevel,
            beatAt: Instant(milliseconds: beatAt), until: Instant(milliseconds: until))
    }

    /// Whether what it said holds at this instant of Redis' clock; what was said in the future was said before the clock was
    /// set back.
    package func isCurrent(at now: Instant) -> Bool { beatAt <= now && now < until }

    /// For people: role, name and version.
    package var words: String { "\(role) \(id.name) \(version)" }
}
