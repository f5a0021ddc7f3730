import Contracts

/// The difference between what a member has and what it is to have. Pure; both lists are in the order of lane names.
struct TargetChange: Equatable {
    /// Assigned to this member, neither held nor under way.
    var toPursue: [LaneName] = []
    /// Held, but assigned elsewhere by a decision newer than the one it was taken with. A lane that was adopted while
    /// nobody led was taken with the newest number and stays until a leader decides anew.
    var toGiveUp: [LaneName] = []

    init() {}

    init(of member: MemberID, tenures: [LaneName: MemberState.Tenure], assignment: Assignment) {
        for (lane, target) in assignment.targets {
            switch tenures[lane] {
            case nil, .asked:
                if target.member == member { toPursue.append(lane) }
            case .held(let number):
                if target.member != member, target.number > number { toGiveUp.append(lane) }
            case .granted, .revoked:
                break
            }
        }
        toPursue.sort()
        toGiveUp.sort()
    }
}
