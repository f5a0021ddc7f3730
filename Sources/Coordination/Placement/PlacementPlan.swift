package import Contracts
package import Membership

/// What a placement is made from: everything it may know, so that the same input gives the same plan.
package struct PlacementInput: Sendable {
    /// Members that may be given lanes.
    package var members: [MemberID]
    package var lanes: [LaneName]
    /// Where the lanes are now to be. A lane that is missing, or with a member that is not among `members`, is an
    /// orphan.
    package var current: [LaneName: MemberID]
    /// How many lanes may be moved from one living member to another in this round; orphans are always placed.
    package var share: Int
    /// Where people want lanes. Heeded while that member is among `members`, before everything that load says.
    package var pins: [LaneName: MemberID]
    package var figures: PlacementFigures

    package init(
        members: [MemberID], lanes: [LaneName], current: [LaneName: MemberID], share: Int,
        pins: [LaneName: MemberID] = [:], figures: PlacementFigures = PlacementFigures()
    ) {
        self.members = members
        self.lanes = lanes
        self.current = current
        self.share = share
        self.pins = pins
        self.figures = figures
    }
}

/// What is known of members and lanes besides who has what. Measurements and forecasts of others: a placement contains
/// whatever figure it finds.
package struct PlacementFigures: Sendable {
    /// What a member declares that it can carry, in runners; 1 for one that is missing.
    package var capacities: [MemberID: Double] = [:]
    /// What each lane costs, in runners; nothing for one that is missing.
    package var loads: [LaneName: Outlook] = [:]
    /// The shard on which each lane lies, by a number that outlives its primary; 0 for one that is missing. Empty without a
    /// Redis Cluster.
    package var shards: [LaneName: Int] = [:]
    /// Whether `loads` was measured long enough to move lanes by. Until then orphans are placed and members that have
    /// nothing are filled.
    package var isWarm = true

    package init() {}
}

/// One lane's new place.
package struct PlacementMove: Sendable, Hashable {
    package let lane: LaneName
    package let member: MemberID

    package init(lane: LaneName, member: MemberID) {
        self.lane = lane
        self.member = member
    }
}

/// How lanes are spread: pure, so that another way (by load, by calendar) can be put in its place.
package typealias Placement = @Sendable (PlacementInput) -> [PlacementMove]
