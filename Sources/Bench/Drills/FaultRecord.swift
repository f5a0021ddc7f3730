/// One fault that was fired and what it met.
struct FaultRecord {
    let number: Int
    let kind: PlannedFault.Kind
    let victim: String
    let at: Duration
    /// Nil for the coordinator and Redis, which own no lane.
    var inHand: LaneEye.InHand?
    /// From the fault until the last of the victim's lanes had a commit of another owner; for Redis until the last lane
    /// had a commit again.
    var recovery: Duration?
    /// Lanes whose recovery another fault cut off; their time counts for that fault.
    var takenOver = 0
    /// Lanes of the victim that nobody has committed in.
    var unrecovered = 0
    /// How long Redis did not answer, or how long the victim was stopped.
    var outage: Duration?

    var hasWork: Bool { inHand.map { $0.events + $0.attempts > 0 } ?? false }
    var hasEvents: Bool { inHand.map { $0.events > 0 } ?? false }
}
