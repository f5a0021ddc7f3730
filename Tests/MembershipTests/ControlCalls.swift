import Lanes
import Membership
import Redis
import TestSupport

/// What tests say to a control slot over and over, at the usual times.
extension ControlStore {
    static let times = LeaseTimes()

    convenience init(_ server: PrivateRedis) throws {
        self.init(connection: try server.connect(), keyspace: .standard)
    }

    @discardableResult
    func beat(_ name: String) throws -> ControlState {
        try beat(
            Heartbeat(
                id: try member(name), version: "1.0", load: MemberLoad(runners: 2, busy: 30, backlog: 4), held: 7),
            lease: Self.times.lease, gap: Self.times.gap)
    }

    func lead(_ name: String) throws -> (leads: Bool, state: ControlState) {
        try lead(try member(name), lease: Self.times.lease, gap: Self.times.gap)
    }
}
