internal import Lanes
internal import Membership

/// A coordinator's connection and what it does over it.
struct LeaderLink {
    let control: ControlStore
    let lanes: LaneStore
    let topology: TopologyStore

    init(_ connector: LaneConnector, _ id: MemberID) throws(LaneError) {
        lanes = try connector.open(clientName: "coordinator-\(id.name)")
        control = ControlStore(connection: lanes.connection, keyspace: connector.keyspace)
        topology = TopologyStore(connection: lanes.connection, keyspace: connector.keyspace)
    }
}
