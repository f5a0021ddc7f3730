package import Contracts
package import Instants

/// Which partitions, accounts and desks there are, as Redis holds it.
package struct Topology: Sendable, Hashable {
    package struct Partition: Sendable, Hashable {
        /// Rises when the partition is resized or moved; appends carry it.
        package var generation: UInt64
        package var market: String
        package var zone: String
        package var lanes: Int

        package init(generation: UInt64 = 1, market: String, zone: String, lanes: Int) {
            self.generation = generation
            self.market = market
            self.zone = zone
            self.lanes = lanes
        }
    }

    package struct Account: Sendable, Hashable {
        package var generation: UInt64
        package var partition: PartitionName

        package init(generation: UInt64 = 1, partition: PartitionName) {
            self.generation = generation
            self.partition = partition
        }
    }

    /// Rises with every change; equal means unchanged.
    package var number: UInt64
    package var partitions: [PartitionName: Partition]
    package var accounts: [String: Account]
    /// Teams with a desk, and their generation.
    package var desks: [String: UInt64]
    /// Lanes that a resize took out of use, and since when: they stay readable.
    package var retired: [LaneName: Instant] = [:]
    /// Whether this namespace's clocks can be stepped.
    package var isVirtual: Bool
    /// The lane clock of a lane that is created now, less Redis' clock.
    package var offset: Duration

    package init(
        number: UInt64 = 0, partitions: [PartitionName: Partition] = [:], accounts: [String: Account] = [:],
        desks: [String: UInt64] = [:], isVirtual: Bool = false, offset: Duration = .zero
    ) {
        self.number = number
        self.partitions = partitions
        self.accounts = accounts
        self.desks = desks
        self.isVirtual = isVirtual
        self.offset = offset
    }

    /// Every lane, in order: those of the partitions and those of the desks.
    package var lanes: [LaneName] {
        let ofPartitions = partitions.flatMap { name, partition in (0..<partition.lanes).map { name.lane($0) } }
        let ofDesks = desks.keys.compactMap { try? LaneName.desk(team: $0) }
        return (ofPartitions + ofDesks).sorted()
    }

    /// Every lane that may hold a log or results: those in use and those that were retired, in order.
    package var readableLanes: [LaneName] { (lanes + retired.keys).sorted() }

    /// Lanes out of use whose logs may still hold something of an account's people: those of its partition, or all where the
    /// account was moved. Empty for an account that is not there.
    package func retiredLanes(ofPeopleOf account: String, everywhere: Bool = false) -> [LaneName] {
        guard let found = accounts[account] else { return [] }
        return retired.keys.filter {
            everywhere || found.generation > 1 || $0.partition == found.partition.text
        }.sorted()
    }

    /// The lane that a key has now; nil for an account or partition that there is not.
    package func place(of key: LaneKey) -> LanePlace? {
        switch key {
        case .desk(let team):
            return (try? LaneName.desk(team: team)).map { LanePlace(lane: $0, generation: desks[team]) }
        case .account(let account, let part):
            guard let name = accounts[account]?.partition, let partition = partitions[name] else { return nil }
            return LanePlace(
                lane: name.lane(account: account, contact: part, of: partition.lanes),
                generation: partition.generation)
        }
    }

    /// The generation that an append to this lane must carry; nil if there is no such lane.
    package func generation(of lane: LaneName) -> UInt64? {
        if lane.isDesk { return desks[String(lane.partition.dropFirst("desk-".utf8.count))] }
        guard let name = try? PartitionName(lane.partition) else { return nil }
        return partitions[name]?.generation
    }
}

/// Where a lane key leads.
package struct LanePlace: Sendable, Hashable {
    package var lane: LaneName
    /// The generation that an append to the lane must carry; nil for a desk that the topology does not know.
    package var generation: UInt64?

    package init(lane: LaneName, generation: UInt64? = nil) {
        self.lane = lane
        self.generation = generation
    }
}

/// What a configuration wishes there to be.
package struct TopologyWish: Sendable {
    package var partitions: [PartitionName: Topology.Partition]
    package var accounts: [String: PartitionName]
    package var teams: [String]
    /// Whether the namespace's clocks can be stepped; nil: as it is, and no for one that is created by this.
    package var isVirtual: Bool?
    /// For a namespace that is created by this.
    package var offset: Duration

    package init(
        partitions: [PartitionName: Topology.Partition], accounts: [String: PartitionName], teams: [String],
        isVirtual: Bool? = nil, offset: Duration = .zero
    ) {
        self.partitions = partitions
        self.accounts = accounts
        self.teams = teams
        self.isVirtual = isVirtual
        self.offset = offset
    }

    /// Lanes of a partition beyond which a wish is refused.
    package static let mostLanes = 1_024
    /// Partitions, accounts and desks in all.
    package static let mostEntries = 20_000
}

/// One thing that is there otherwise than wished; nothing is written while there is any.
package struct TopologyDisagreement: Sendable, Hashable, CustomStringConvertible {
    /// `namespace`, `partition` or `account`.
    package let kind: String
    package let name: String
    package let there: String
    package let wished: String

    package var description: String { "\(kind) \(name): Redis holds \(there), the configuration wants \(wished)" }

    /// The command that makes the topology as wished; nil if there is none.
    package var remedy: String? {
        switch kind {
        case "partition":
            let (old, new) = (there.split(separator: " "), wished.split(separator: " "))
            guard old.count == 3, new.count == 3, old.prefix(2) == new.prefix(2), let lanes = new.last else {
                return nil
            }
            return "lanes resize \(name) \(lanes)"
        case "account": return (try? PartitionName(there)) == nil ? nil : "accounts move \(name) \(wished)"
        default: return nil
        }
    }
}
