import Contracts

/// The difference between what a member has and what it is to have. Pure; both lists are in the order of lane names.
///
/// O(own lanes), whatever the cluster holds: each member asks for it at every heartbeat.
struct TargetChange: Equatable {
    /// Assigned to this member, neither held nor under way.
    var toPursue: [LaneName] = []
    /// Held, but assigned elsewhere by a decision newer than the one it was taken with. A lane that was adopted while
    /// nobody led was taken with the newest number and stays until a leader decides anew.
    var toGiveUp: [LaneName] = []

    init() {}

    /// - Parameters:
    ///   - assigned: the lanes whose target in `assignment` is this member.
    ///   - isInUse: false for a lane that a resize has taken out of use since.
    init(
        of member: MemberID, tenures: [LaneName: MemberState.Tenure], assigned: Set<LaneName>, assignment: Assignment,
        isInUse: (LaneName) -> Bool = { _ in true }
    ) {
        for lane in assigned {
            switch tenures[lane] {
            case nil, .asked: if isInUse(lane) { toPursue.append(lane) }
            case .held, .granted, .revoked: break
            }
        }
        for (lane, tenure) in tenures {
            guard case .held(let number) = tenure, let target = assignment.targets[lane] else { continue }
            if target.member != member, target.number > number { toGiveUp.append(lane) }
        }
        toPursue.sort()
        toGiveUp.sort()
    }
}
