package import Contracts
internal import Instants
package import Lanes

/// Lanes as people name them: one by one, by their partition, or by a team's desk.
package enum NamedLanes {
    /// Why a name is none; `description` says what there is instead.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// The lanes of all names in the order in which they were named, each once.
    ///
    /// - Throws: for the first name that means nothing, with the nearest one that does.
    package static func lanes(_ names: [String], of topology: Topology) throws(Fault) -> [LaneName] {
        let all = topology.lanes
        let known = Set(all)
        var seen: Set<LaneName> = []
        var found: [LaneName] = []
        for name in names {
            let lane = (try? LaneName(name)).flatMap { known.contains($0) ? $0 : nil }
            let meant = lane.map { [$0] } ?? all.filter { $0.partition == name }
            guard !meant.isEmpty else { throw fault(name, topology) }
            found += meant.filter { seen.insert($0).inserted }
        }
        return found
    }

    private static func fault(_ name: String, _ topology: Topology) -> Fault {
        let lane = try? LaneName(name)
        if let lane, let since = topology.retired[lane] {
            return Fault(
                description:
                    "\(lane): a resize took it out of use at \(since); nothing is decided in it, its log and results stay readable"
            )
        }
        if let lane, let count = lanes(of: lane.partition, topology) {
            return Fault(
                description: "names: expected a lane of \(lane.partition), which has "
                    + (count == 1
                        ? "\(lane.partition).0 alone" : "\(lane.partition).0 to \(lane.partition).\(count - 1)")
                    + ", got \"\(name)\"")
        }
        let partitions = topology.partitions.keys.map(\.text) + topology.desks.keys.map { "desk-\($0)" }
        var nearest = NearestWord.to(lane?.partition ?? name, among: partitions)
        if let lane, let partition = nearest, let count = lanes(of: partition, topology),
            let index = Int(lane.text.dropFirst(lane.partition.count + 1)), index < count
        {
            nearest = "\(partition).\(index)"
        }
        return Fault(
            description: "names: expected a lane or partition of this namespace, got \"\(name)\""
                + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    /// How many lanes a partition or desk has; nil for what is none.
    private static func lanes(of partition: String, _ topology: Topology) -> Int? {
        if let name = try? PartitionName(partition), let found = topology.partitions[name] { return found.lanes }
        let isDesk = partition.hasPrefix("desk-") && topology.desks[String(partition.dropFirst("desk-".count))] != nil
        return isDesk ? 1 : nil
    }
}
