internal import Contracts
internal import Instants
package import Lanes

/// Who is there and who has what, at one moment: for the `lanes` command, for readiness and for checkers.
package struct MemberDirectory: Sendable {
    /// How a lane stands between members.
    package enum Place: String, Sendable, Hashable {
        /// Its owner is alive and is the one it is assigned to.
        case settled
        /// A living member owns it, another one is to have it.
        case handingOver = "handing_over"
        /// A living member adopted it while nobody led.
        case adopted
        /// Nobody alive owns it.
        case orphaned
    }

    package struct Lane: Sendable {
        package let look: LaneLook
        package let target: MemberID?
        package let place: Place
    }

    package let control: ControlState
    /// Every member with a record.
    package let members: [MemberRecord]
    /// In the order of names.
    package let lanes: [Lane]
    /// Names that several living members have: a mistake in somebody's configuration, or a restart under way.
    package let twins: [String]

    private let living: Set<MemberID>

    /// Reads everything. Redis: O(members + lanes); some round trips, so that parts may be a moment apart.
    package static func read(_ connector: LaneConnector) throws(LaneError) -> MemberDirectory {
        let store = try connector.open(clientName: "directory")
        let control = ControlStore(connection: store.connection, keyspace: connector.keyspace)
        let topology = try TopologyStore(connection: store.connection, keyspace: connector.keyspace).read()
        var assignment = Assignment()
        let state = try control.state()
        assignment.learn(try control.changes(since: 0), upTo: state.numbers.assignment)
        return MemberDirectory(
            control: state, members: try control.members(), assignment: assignment,
            looks: try store.look(topology.lanes))
    }

    package init(control: ControlState, members: [MemberRecord], assignment: Assignment, looks: [LaneLook]) {
        self.control = control
        self.members = members
        let current = members.filter { $0.isCurrent(at: control.now) }
        let living = Set(current.map(\.id))
        self.living = living
        var names: [String: Int] = [:]
        for member in current { names[member.id.name, default: 0] += 1 }
        twins = names.filter { $0.value > 1 }.keys.sorted()
        lanes = looks.map { look in
            let target = assignment.targets[look.lane]
            return Lane(look: look, target: target?.member, place: Self.place(LaneSight(look), target, living))
        }.sorted { $0.look.lane < $1.look.lane }
    }

    /// Whether its lease holds.
    package func isLive(_ id: MemberID) -> Bool { living.contains(id) }

    private static func place(_ sight: LaneSight, _ target: LaneTarget?, _ living: Set<MemberID>) -> Place {
        guard let owner = sight.owner, living.contains(owner) else { return .orphaned }
        if owner == target?.member { return .settled }
        return sight.assignment >= target?.number ?? 0 ? .adopted : .handingOver
    }
}
