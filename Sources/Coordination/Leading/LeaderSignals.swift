internal import Contracts
internal import Instants
internal import Lanes
internal import Membership

/// What a leader says of the whole house: undecided events of each partition, members, lanes without a living owner,
/// workers wanted, and what operators have switched off.
struct LeaderSignals {
    let writer: MemberID
    let at: Instant

    func of(
        _ looks: [LaneName: LaneGlance], _ census: Census, _ demand: WorkerDemand?, _ switches: AutomationSwitches
    ) -> [Signal] {
        var backlog: [String: UInt64] = [:]
        for look in looks.values { backlog[look.lane.partition, default: 0] += look.pending }
        let alive = Set(census.living.map(\.id.text))
        let orphans = looks.values.count { look in look.owner.map { !alive.contains($0) } ?? true }
        return [signal("members", census.living.count), signal("lanes.orphaned", orphans)]
            + backlog.map { signal("backlog.\($0.key)", $0.value) }
            + switches.off.map { scope, off in
                Signal(name: "automation/\(scope)", value: "off", at: off.since, writer: off.by)
            }
            + (demand.map { demand in demand.facts.map { signal("workers.\($0.name)", $0.value) } } ?? [])
    }

    private func signal(_ name: String, _ value: some CustomStringConvertible) -> Signal {
        Signal(name: name, value: "\(value)", at: at, writer: writer.text)
    }
}
