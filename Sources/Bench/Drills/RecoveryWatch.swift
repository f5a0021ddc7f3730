/// Waits, lane by lane, for the first commit of another owner after a fault.
///
/// The time of a lane with nothing to commit does not run. A lane that a second fault hits counts for the second one.
struct RecoveryWatch {
    private struct Waiting {
        let fault: Int
        /// Who may not be the one; empty: anybody may.
        let victim: String
        let sequence: Int64
        var since: ContinuousClock.Instant
        /// When the first of the faults hit that nobody has committed after; like `since`, it does not run while idle.
        var first: ContinuousClock.Instant
    }

    private var waiting: [String: Waiting] = [:]

    /// The longest that a lane with something to commit went without a commit, whatever faults hit it meanwhile.
    private(set) var longest: Duration = .zero

    var isEmpty: Bool { waiting.isEmpty }

    /// The lanes of a victim, or all, wait from now on.
    mutating func begin(
        fault: Int, lanes: [String], sights: [String: LaneEye.Sight], isOwnerKept: Bool, now: ContinuousClock.Instant,
        records: inout [FaultRecord]
    ) {
        for lane in lanes {
            guard let sight = sights[lane] else { continue }
            let earlier = waiting[lane]
            if let earlier, earlier.fault != fault { records[earlier.fault].takenOver += 1 }
            waiting[lane] = Waiting(
                fault: fault, victim: isOwnerKept ? "" : sight.owner, sequence: sight.sequence, since: now,
                first: earlier.map { sight.sequence > $0.sequence ? now : $0.first } ?? now)
        }
    }

    mutating func update(_ sights: [String: LaneEye.Sight], now: ContinuousClock.Instant, records: inout [FaultRecord])
    {
        for (lane, sight) in sights {
            guard var one = waiting[lane] else { continue }
            if sight.sequence > one.sequence, sight.owner != one.victim, !sight.owner.isEmpty {
                records[one.fault].recovery = max(records[one.fault].recovery ?? .zero, now - one.since)
                longest = max(longest, now - one.first)
                waiting[lane] = nil
            } else if sight.appended <= sight.decided {
                one.since = now
                one.first = now
                waiting[lane] = one
            }
        }
    }

    /// What never recovered is the fault's that it counts for; lanes with nothing to commit are no one's.
    mutating func end(_ sights: [String: LaneEye.Sight], records: inout [FaultRecord]) {
        for (lane, one) in waiting {
            if let sight = sights[lane], sight.appended > sight.decided { records[one.fault].unrecovered += 1 }
        }
        waiting = [:]
    }
}
