package import Instants

/// What a member said of itself at its last heartbeat, and until when it counts as alive for that.
package struct MemberRecord: Sendable, Hashable {
    package var id: MemberID
    /// Redis' instant of the heartbeat.
    package var beatAt: Instant
    /// Redis' instant at which the lease given for it ends.
    package var until: Instant
    /// The version of the program, for people.
    package var version: String
    /// The newest fields, kinds and functions that this program knows.
    package var featureLevel: UInt64
    package var load: MemberLoad
    /// Lanes that it holds.
    package var held: Int
    /// It is about to stop and wants its lanes placed elsewhere.
    package var isLeaving: Bool

    package init(
        id: MemberID, beatAt: Instant, until: Instant, version: String = "", featureLevel: UInt64 = 1,
        load: MemberLoad = MemberLoad(runners: 1), held: Int = 0, isLeaving: Bool = false
    ) {
        self.id = id
        self.beatAt = beatAt
        self.until = until
        self.version = version
        self.featureLevel = featureLevel
        self.load = load
        self.held = held
        self.isLeaving = isLeaving
    }

    /// Reads the value that `beat` stores in the hash of members:
    /// `beat|until|feature|runners|busy|backlog|held|leaving|version`, instants in milliseconds of Redis' clock. A figure
    /// of load that is no number counts as 0: it must not make its member dead.
    package init?(id: MemberID, stored text: String) {
        let parts = text.split(separator: "|", maxSplits: 8, omittingEmptySubsequences: false)
        guard parts.count == 9, let beatAt = Int64(parts[0]), let until = Int64(parts[1]),
            let featureLevel = UInt64(parts[2])
        else { return nil }
        let (runners, busy, backlog, held) = (Int(parts[3]), Int(parts[4]), Int(parts[5]), Int(parts[6]))
        self.init(
            id: id, beatAt: Instant(milliseconds: beatAt), until: Instant(milliseconds: until),
            version: String(parts[8]), featureLevel: featureLevel,
            load: MemberLoad(runners: runners ?? 0, busy: busy ?? 0, backlog: backlog ?? 0), held: held ?? 0,
            isLeaving: parts[7] == "1")
    }

    /// Whether its lease holds at this instant of Redis' clock. A heartbeat from the future means that the clock was set
    /// back since; then nothing is known of this member until it beats again.
    package func isCurrent(at now: Instant) -> Bool { beatAt <= now && now < until }
}
