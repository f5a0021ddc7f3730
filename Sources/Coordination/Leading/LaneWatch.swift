internal import Contracts
internal import Lanes
internal import Membership

/// The lanes as the leader saw them last, and whether that still tells enough.
///
/// Problem: a look at a thousand lanes each second was a third of what a house costs in which nothing happens.
/// Choice: as long as nothing is undecided, nothing is on the move, and topology, assignment and members are those of the
/// last look, that look stands for one lease. Whatever a leader has to act on shows in one of these; an owner that lost a
/// lane without dying takes it again by itself, and the leader sees it a lease later.
/// Rejected: looks in turns, a part of the lanes each second. A death would be placed with looks of different ages.
struct LaneWatch {
    /// What a look is a look at.
    struct Basis: Equatable {
        var topology: UInt64
        var assignment: UInt64
        var living: [MemberID]
        var silent: Set<MemberID>
        var canJudge: Bool
    }

    private(set) var looks: [LaneName: LaneGlance] = [:]
    private var basis: Basis?
    private var lookedAt: ContinuousClock.Instant?

    /// Whether the last look still stands.
    func stands(on basis: Basis, for lease: Duration, now: ContinuousClock.Instant) -> Bool {
        guard basis == self.basis, let lookedAt else { return false }
        return now - lookedAt < lease
    }

    /// Takes a look in. O(lanes).
    mutating func take(_ looks: [LaneName: LaneGlance], of basis: Basis, at instant: ContinuousClock.Instant) {
        self.looks = looks
        let isQuiet = looks.values.allSatisfy { $0.pending == 0 && $0.wantedBy == nil }
        self.basis = isQuiet ? basis : nil
        lookedAt = instant
    }

    /// Something is on the move: the next round looks again.
    mutating func stir() {
        basis = nil
    }
}
