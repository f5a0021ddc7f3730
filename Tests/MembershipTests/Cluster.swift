import Contracts
import Coordination
import Lanes
import Logging
import Membership
import Redis
import TestSupport

let silent = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })

/// Members, coordinators and a Redis of one test's own.
final class Cluster {
    let server: PrivateRedis
    let connector: LaneConnector
    let chronicle = Chronicle()
    let times: LeaseTimes
    private(set) var holders: [Holder] = []
    private(set) var coordinators: [Coordinator] = []
    let control: ControlStore
    let topology: TopologyStore
    let lanes: LaneStore

    init(lanes count: Int = 16, lease: Duration = .milliseconds(1_500), _ configuration: [String] = []) throws {
        server = try PrivateRedis(configuration)
        connector = LaneConnector(endpoint: server.endpoint)
        times = LeaseTimes(lease: lease)
        control = ControlStore(connection: try server.connect(), keyspace: .standard)
        topology = TopologyStore(connection: try server.connect(), keyspace: .standard)
        lanes = LaneStore(connection: try server.connect(), keyspace: .standard)
        _ = try topology.create(
            TopologyWish(
                partitions: [try PartitionName("de-berlin"): .init(market: "de", zone: "Europe/Berlin", lanes: count)],
                accounts: [:], teams: []))
    }

    deinit {
        for coordinator in coordinators { coordinator.stop() }
        for holder in holders { holder.kill() }
        server.close()
    }

    @discardableResult
    func join(_ name: String, incarnation: UInt64 = 1, level: FeatureLevel = .known) throws -> Holder {
        let holder = Holder(
            try MemberID(name: name, incarnation: incarnation), connector,
            Member.Settings(times: times, featureLevel: level.rawValue), chronicle)
        holders.append(holder)
        return holder
    }

    @discardableResult
    func coordinate(
        _ name: String, level: FeatureLevel = .known, placement: @escaping Placement = { EvenPlacement.plan($0) }
    ) throws -> Coordinator {
        let coordinator = Coordinator(
            id: try member(name), settings: .init(times: times, featureLevel: level.rawValue), connector: connector,
            placement: placement,
            log: silent)
        coordinators.append(coordinator)
        return coordinator
    }

    /// How many lanes each holds, if all lanes are held.
    func counts(_ total: Int = 16) -> [MemberID: Int]? {
        let holders = chronicle.holders
        guard holders.count == total else { return nil }
        return Dictionary(grouping: holders.values, by: \.self).mapValues(\.count)
    }

    /// Waits for a condition; on a failure says who has what, by Redis and by what was told.
    func comes(_ condition: () throws -> Bool) throws -> Bool {
        if try chronicle.wait(for: condition) { return true }
        let directory = try MemberDirectory.read(connector)
        let holders = chronicle.holders
        print("control: \(directory.control)")
        for member in directory.members { print("member: \(member)") }
        for holder in self.holders { print("standing of \(holder.member.id): \(holder.member.standing)") }
        for coordinator in coordinators { print("coordinator: \(coordinator.standing)") }
        for lane in directory.lanes {
            let told = holders[lane.look.lane].map { "\($0)" } ?? "nobody"
            print("\(lane.place) target \(lane.target.map { "\($0)" } ?? "nobody") told \(told): \(lane.look)")
        }
        for entry in chronicle.all.suffix(100) { print("\(entry.at) \(entry.member) \(entry.report)") }
        return false
    }

    func isEven(_ members: Int, _ total: Int = 16) -> Bool {
        guard let counts = counts(total), counts.count == members else { return false }
        return (counts.values.max() ?? 0) - (counts.values.min() ?? 0) <= 1
    }
}
