package import Contracts

/// Who is to have a lane, and with which decision of the leader.
package struct LaneTarget: Sendable, Hashable {
    /// Nil: nobody.
    package var member: MemberID?
    /// The assignment's number at which this was written.
    package var number: UInt64

    package init(member: MemberID?, number: UInt64) {
        self.member = member
        self.number = number
    }
}

/// Where every lane is to be, as far as one process has read it.
package struct Assignment: Sendable {
    /// The number up to which everything has been read.
    package private(set) var number: UInt64 = 0
    package private(set) var targets: [LaneName: LaneTarget] = [:]

    package init() {}

    /// Takes what changed since `number`. For each lane the newer decision counts, so that a change heard of twice or
    /// out of order does no harm.
    package mutating func learn(_ changes: [(lane: LaneName, target: LaneTarget)], upTo number: UInt64) {
        for (lane, target) in changes where target.number >= targets[lane]?.number ?? 0 {
            targets[lane] = target
        }
        self.number = max(self.number, number)
    }
}

/// What a lane's hash says of its owner.
package struct LaneSight: Sendable, Hashable {
    /// Nil: it has none, or one that is no member.
    package var owner: MemberID?
    /// The assignment's number that the owner took it with.
    package var assignment: UInt64
    /// Who asks for it.
    package var wanted: MemberID?

    package init(owner: MemberID? = nil, assignment: UInt64 = 0, wanted: MemberID? = nil) {
        self.owner = owner
        self.assignment = assignment
        self.wanted = wanted
    }
}
