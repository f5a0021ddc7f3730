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

    /// Takes or renews the leader's lease; how long it may be trusted counts from before the request.
    func lead(
        _ id: MemberID, _ settings: Coordinator.Settings, features: UInt64
    ) throws(LaneError) -> (leads: Bool, control: ControlState, window: TrustWindow) {
        let (sent, times) = (ContinuousClock.now, settings.times)
        let (leads, state) = try control.lead(id, lease: times.lease, gap: times.gap, features: features)
        let window = TrustWindow(term: state.term, requestSent: sent, lease: times.lease, margin: times.margin)
        return (leads, state, window)
    }

    /// Says that this coordinator lives and what it knows of.
    func attend(_ id: MemberID, _ settings: Coordinator.Settings) throws(LaneError) {
        try tolerant { () throws(LaneError) in
            try control.attend(
                id, role: "coordinator", version: settings.version, featureLevel: settings.featureLevel)
        }
    }

    /// Nil if a key is not what it must be: whoever edited it is no reason not to lead.
    @discardableResult
    func tolerant<Value>(_ body: () throws(LaneError) -> Value) throws(LaneError) -> Value? {
        do throws(LaneError) {
            return try body()
        } catch {
            guard error.isOfKeys else { throw error }
            return nil
        }
    }
}
