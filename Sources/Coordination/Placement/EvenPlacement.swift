import Contracts
import Membership

// Lanes spread evenly by number.
//
// Problem: every member should have as many lanes as any other, but a moved lane stands still for a moment and loses
// its caches. So: as few moves as can be.
// Choice: with n lanes and m members everybody is due n / m, and n mod m of them one more. The ones more go to those
// who have most already, which makes the sum of what is above its due, and with it the number of moves, smallest. Lanes
// without a living member fill up whoever is furthest below; then, up to `share`, lanes move from whoever is furthest
// above. Ties are decided by XXH64(lane, member) so that the lanes of one partition do not gather on one member.
// When a spread that is even loses a member, nobody else is above its new due: only the lost member's lanes move.
// Rejected: rendezvous hashing. It moves few but is uneven by the square root of the share: 8 lanes on 4 workers would
// often leave one with none.
// How it fails: lanes differ in load. Placement by load is another function of the same signature.

/// See the comment above.
package enum EvenPlacement {
    /// The moves that make the spread even, or nearer to it by `share`; in the order of lanes, none twice. Repeated with
    /// its own result it ends with no moves. O(lanes · log lanes + moves · members).
    package static func plan(_ input: PlacementInput) -> [PlacementMove] {
        let members = Array(Set(input.members)).sorted()
        let lanes = Array(Set(input.lanes)).sorted()
        guard !members.isEmpty, !lanes.isEmpty else { return [] }
        var held: [MemberID: [LaneName]] = [:]
        var orphans: [LaneName] = []
        for member in members { held[member] = [] }
        for lane in lanes {
            if let member = input.current[lane], held[member] != nil {
                held[member]?.append(lane)
            } else {
                orphans.append(lane)
            }
        }
        let due = dues(members: members, lanes: lanes.count) { held[$0]?.count ?? 0 }
        var counts = held.mapValues(\.count)
        var moves: [PlacementMove] = []
        for lane in orphans {
            guard let heir = neediest(members, counts, due, for: lane) else { break }
            counts[heir, default: 0] += 1
            moves.append(PlacementMove(lane: lane, member: heir))
        }
        var left = max(0, input.share)
        while left > 0, let donor = fullest(members, counts, due) {
            guard let lane = leastBound(held[donor] ?? [], to: donor),
                let heir = neediest(members, counts, due, for: lane)
            else { break }
            held[donor]?.removeAll { $0 == lane }
            counts[donor, default: 0] -= 1
            counts[heir, default: 0] += 1
            moves.append(PlacementMove(lane: lane, member: heir))
            left -= 1
        }
        return moves.sorted { $0.lane < $1.lane }
    }

    /// How many lanes each member is to have.
    private static func dues(
        members: [MemberID], lanes: Int, held: (MemberID) -> Int
    ) -> [MemberID: Int] {
        let (share, rest) = lanes.quotientAndRemainder(dividingBy: members.count)
        let fullestFirst = members.sorted { left, right in
            let (more, less) = (held(left), held(right))
            return more == less ? left < right : more > less
        }
        var due: [MemberID: Int] = [:]
        for (rank, member) in fullestFirst.enumerated() { due[member] = share + (rank < rest ? 1 : 0) }
        return due
    }

    /// The member furthest below its due; among equals the one with the greatest hash with this lane.
    private static func neediest(
        _ members: [MemberID], _ counts: [MemberID: Int], _ due: [MemberID: Int], for lane: LaneName
    ) -> MemberID? {
        var best: (need: Int, hash: UInt64, member: MemberID)?
        for member in members {
            let need = (due[member] ?? 0) - (counts[member] ?? 0)
            guard need > 0, need >= best?.need ?? 1 else { continue }
            let hash = StableHash.hash(lane.text, member.text)
            if let other = best, other.need == need, other.hash >= hash { continue }
            best = (need, hash, member)
        }
        return best?.member
    }

    /// The member furthest above its due.
    private static func fullest(
        _ members: [MemberID], _ counts: [MemberID: Int], _ due: [MemberID: Int]
    ) -> MemberID? {
        var best: (excess: Int, member: MemberID)?
        for member in members {
            let excess = (counts[member] ?? 0) - (due[member] ?? 0)
            if excess > best?.excess ?? 0 { best = (excess, member) }
        }
        return best?.member
    }

    private static func leastBound(_ lanes: [LaneName], to member: MemberID) -> LaneName? {
        lanes.min { StableHash.hash($0.text, member.text) < StableHash.hash($1.text, member.text) }
    }
}
