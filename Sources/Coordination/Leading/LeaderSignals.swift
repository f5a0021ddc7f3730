internal import Contracts
internal import Instants
internal import Lanes
internal import Membership

// What a leader says of the whole house.
//
// Problem: six thousand partitions fill any snapshot, and what must not be missing comes late in the order of names.
// Choice: what matters most first, since a snapshot is cut from its end: switches, workers wanted, members, lanes without
// a living owner, undecided events in all; then the backlog of each partition that has one, the longest first, at most
// `mostBacklogs`: every worker reads the snapshot once a second. A partition that is missing has no backlog, or less
// than those that are there; how many are left out for that is a signal of its own.
// Rejected: backlogs in a hash of their own. No decision asks for those of thousands of partitions.

/// See the comment above.
struct LeaderSignals {
    /// Partitions whose backlog is told.
    static let mostBacklogs = 64

    let writer: MemberID
    let at: Instant

    /// What matters most first. What a look said has the look's instant.
    func of(_ house: HouseSum, _ census: Census, _ word: DemandWord?, _ switches: AutomationSwitches) -> [Signal] {
        switches.off.sorted { $0.key < $1.key }.map { scope, off in
            Signal(name: "automation/\(scope)", value: "off", at: off.since, writer: off.by)
        } + (word?.signals(by: writer) ?? []) + [
            signal("members", census.living.count, at), signal("lanes.orphaned", house.orphans, house.at),
            signal("backlog", house.backlog, house.at),
            signal("backlog_partitions_left_out", house.leftOut, house.at),
        ] + house.longest.map { signal("backlog.\($0.partition)", $0.pending, house.at) }
    }

    private func signal(_ name: String, _ value: some CustomStringConvertible, _ at: Instant) -> Signal {
        Signal(name: name, value: "\(value)", at: at, writer: writer.text)
    }
}
