package import Contracts

/// What a member asks of the process that runs its lanes.
///
/// Closures and not a protocol, because the executable joins the two and tests join others. All are called on the
/// member's thread and must return at once; the answers come back through `Member.report`.
package struct LaneHost: Sendable {
    /// Take this lane, carrying this assignment number. Asked again for a lane that is held or being taken, it changes
    /// nothing. Answered by `.taken` or `.refused`.
    package let grant: @Sendable (_ lane: LaneName, _ assignment: UInt64) -> Void
    /// Finish the commit under way and release this lane. Answered by `.released` or `.lost`, also if the lane was not
    /// held.
    package let revoke: @Sendable (_ lane: LaneName) -> Void
    /// What the heartbeat reports.
    package let load: @Sendable () -> MemberLoad

    package init(
        grant: @escaping @Sendable (_ lane: LaneName, _ assignment: UInt64) -> Void,
        revoke: @escaping @Sendable (_ lane: LaneName) -> Void,
        load: @escaping @Sendable () -> MemberLoad
    ) {
        self.grant = grant
        self.revoke = revoke
        self.load = load
    }
}

/// What happened to a lane in this process.
package enum LaneReport: Sendable, Hashable {
    case taken(LaneName)
    /// It could not be taken: the lane knows a newer assignment, or Redis could not be reached.
    case refused(LaneName)
    /// Given back, because it was asked to or because its runner saw that another wants it.
    case released(LaneName)
    /// Fenced, or its connection broke: whoever takes it next goes on.
    case lost(LaneName)

    package var lane: LaneName {
        switch self {
        case .taken(let lane), .refused(let lane), .released(let lane), .lost(let lane): lane
        }
    }
}

/// How busy a process is.
package struct MemberLoad: Sendable, Hashable {
    /// Threads that decide.
    package var runners: Int
    /// Share of the last second that the runners were busy, in thousandths, summed over the runners.
    package var busy: Int
    /// Events that lie undecided in the lanes of this process.
    package var backlog: Int

    package init(runners: Int, busy: Int = 0, backlog: Int = 0) {
        self.runners = runners
        self.busy = busy
        self.backlog = backlog
    }
}
