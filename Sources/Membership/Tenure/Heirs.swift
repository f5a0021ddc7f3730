package import Contracts

/// Who takes a lane when nobody leads.
package enum Heirs {
    /// The one natural heir of a lane: the member with the greatest XXH64(lane, member), by rendezvous hashing. Each
    /// member computes it for itself; the death of one changes the heir of that one's lanes only. O(members).
    package static func heir(of lane: LaneName, among members: [MemberID]) -> MemberID? {
        var best: (hash: UInt64, member: MemberID)?
        for member in members {
            let hash = StableHash.hash(lane.text, member.text)
            guard let other = best else {
                best = (hash, member)
                continue
            }
            if hash > other.hash || (hash == other.hash && member < other.member) { best = (hash, member) }
        }
        return best?.member
    }
}
