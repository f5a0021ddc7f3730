import BusinessTime
import Contracts
import Conversations
import Foundation
import Instants
import Lanes
import Redis
import Settings

/// One command's connection to Redis. Belongs to the thread that made it: commands use it between two suspensions only.
struct Session {
    let connector: LaneConnector
    let store: LaneStore
    private let topologies: TopologyStore
    private let policies: PolicyStore

    init(_ options: RedisOptions) throws {
        let endpoint = try options.endpoint(environment: ProcessInfo.processInfo.environment)
        try self.init(LaneConnector(endpoint: endpoint, keyspace: try options.keyspace()))
    }

    init(_ connector: LaneConnector) throws {
        self.connector = connector
        store = try connector.open(clientName: "cli")
        topologies = try TopologyStore(connector, clientName: "cli")
        policies = try PolicyStore(connector, clientName: "cli")
    }

    func topology() throws -> Topology {
        let topology = try topologies.read()
        guard topology.number > 0 else {
            throw Failure(
                "\(connector.endpoint), namespace \(connector.keyspace.namespace): expected a topology, found none; "
                    + "`nightshift publish DIR` makes one")
        }
        return topology
    }

    /// Every lane of the namespace that is in use, sorted.
    func lanes() throws -> [LaneName] {
        try topology().lanes
    }

    /// The same, and those that were retired and may still hold logs and results.
    func readableLanes() throws -> [LaneName] {
        try topology().readableLanes
    }

    /// Resizes and moves under way.
    func moves() throws -> [LaneMove] { try topologies.moves() }

    /// The policy in force.
    func policy() throws -> Policy {
        guard let policy = try policyIfAny() else {
            throw Failure(
                "\(connector.endpoint), namespace \(connector.keyspace.namespace): expected a policy in force, found none; "
                    + "`nightshift publish DIR` stores one")
        }
        return policy
    }

    /// The bundle in force, as it was published; nil before the first publication.
    func bundleIfAny() throws -> PolicyBundle? {
        try policies.current().map { try PolicyBundle(canonical: $0.bytes) }
    }

    /// The lane clock: Redis' clock, plus the namespace's offset where its clocks can be stepped.
    func now() throws -> Instant {
        try store.serverTime() + (try topology().offset)
    }

    /// Publishes the policy in force again with an override of a team, or without it if nil.
    func override(_ team: String, with override: HoursOverride?, now: Instant) throws -> UInt64 {
        guard let number = try policies.publishOverride(of: team, override, now: now) else {
            throw Failure(
                "\(connector.endpoint), namespace \(connector.keyspace.namespace): expected a policy in force, found none; "
                    + "`nightshift publish DIR` stores one")
        }
        return number
    }

    /// Of the policy in force; 0 before the first.
    func policyNumber() throws -> UInt64 { try policies.number() }

    func policyIfAny(knowsTexts: Bool = true) throws -> Policy? {
        try policies.current().map {
            try Policy.build(try PolicyBundle(canonical: $0.bytes), number: $0.number, knowsTexts: knowsTexts)
        }
    }

    /// A configuration as it would be stored: overrides of the policy in force that still run are kept.
    ///
    /// - Throws: every fault of the configuration.
    func bundle(_ files: ConfigFiles, zones: ZoneFolder) throws -> PolicyBundle {
        let bundle = try PolicyBundle(files, zones: zones)
        guard let inForce = try? bundleIfAny() else { return bundle }
        let now = try store.serverTime() + ((try? topology().offset) ?? .zero)
        return try bundle.keepingOverrides(of: inForce, now: now)
    }

    /// Stores a configuration as the policy in force, and creates what the topology lacks.
    ///
    /// - Throws: every fault of the configuration, or what the topology disagrees with; the policy in force then stays.
    func publish(_ files: ConfigFiles, zones: ZoneFolder, wish: (Policy) -> TopologyWish) throws -> Policy {
        let number = try policies.number()
        let bundle = try bundle(files, zones: zones)
        let draft = try Policy.build(bundle, number: 0)
        return try publish(bundle, draft, wish(draft), replacing: number)
    }

    /// The same for a bundle that was compiled before.
    ///
    /// - Parameter number: of the policy in force when the bundle took over its overrides; a later one is not replaced.
    func publish(_ bundle: PolicyBundle, _ draft: Policy, _ wish: TopologyWish, replacing number: UInt64) throws
        -> Policy
    {
        let disagreements = try topologies.create(wish)
        guard disagreements.isEmpty else {
            throw Failure(
                "the topology in Redis disagrees, and changes only by commands:\n"
                    + disagreements.map { disagreement in
                        disagreement.description
                            + (disagreement.remedy.map { "; `nightshift \($0)` makes it so" } ?? "")
                    }.joined(separator: "\n"))
        }
        let reply = try policies.publish(bundle.canonicalBytes, hash: draft.hash, expected: number)
        switch reply {
        case .published(let number), .same(let number): return draft.numbered(number)
        case .moved(let current):
            throw Failure(
                "somebody else published policy \(current) meanwhile, perhaps an override of hours; it stays in force: "
                    + "publish again")
        }
    }

    /// An instant as commands print it.
    static func text(_ milliseconds: Int64) -> String {
        Instant(milliseconds: milliseconds).description
    }
}

extension TopologyWish {
    /// What a policy needs: its partitions, accounts and teams.
    init(_ policy: Policy, isVirtual: Bool? = nil, offset: Duration = .zero) {
        self.init(
            partitions: policy.partitions.mapValues {
                Topology.Partition(market: $0.market, zone: $0.zone, lanes: $0.lanes)
            },
            accounts: policy.accounts.mapValues(\.partition), teams: Set(policy.markets.values.map(\.team)).sorted(),
            isVirtual: isVirtual, offset: offset)
    }
}
