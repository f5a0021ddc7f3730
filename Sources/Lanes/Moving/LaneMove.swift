package import Contracts
package import Instants

/// A resize of a partition or a move of an account, as it stands in Redis from its beginning to its end.
package struct LaneMove: Sendable, Hashable, CustomStringConvertible {
    package enum Phase: String, Sendable {
        /// The topology is the old one; it can be abandoned.
        case planned
        /// The topology is the new one.
        case switched
        /// It is being taken back.
        case abandoning
    }

    package enum Change: Sendable, Hashable {
        case resize(PartitionName, from: Int, to: Int)
        case account(String, from: PartitionName, to: PartitionName)
    }

    /// Names the move; lanes that it has frozen carry it. The ms at which it began.
    package let number: UInt64
    package let phase: Phase
    package let change: Change
    /// Under which the lanes of `stopped` take appends afterwards.
    package let generation: UInt64

    package init(number: UInt64, phase: Phase, change: Change, generation: UInt64) {
        self.number = number
        self.phase = phase
        self.change = change
        self.generation = generation
    }

    /// The partition whose lanes are stopped and give away what is others' afterwards.
    package var stopped: PartitionName {
        switch change {
        case .resize(let partition, _, _): partition
        case .account(_, let from, _): from
        }
    }

    package var isSwitched: Bool { phase == .switched }

    package var begunAt: Instant { Instant(milliseconds: Int64(clamping: number)) }

    package var description: String {
        switch change {
        case .resize(let partition, let from, let to): "resize of \(partition) from \(from) to \(to) lanes"
        case .account(let account, let from, let to): "move of account \(account) from \(from) to \(to)"
        }
    }

    /// `number|phase|resize or account|name|from|to|generation`.
    var text: String {
        switch change {
        case .resize(let partition, let from, let to):
            return "\(number)|\(phase.rawValue)|resize|\(partition)|\(from)|\(to)|\(generation)"
        case .account(let account, let from, let to):
            return "\(number)|\(phase.rawValue)|account|\(account)|\(from)|\(to)|\(generation)"
        }
    }

    /// Nil for a text that is none.
    init?(text: String) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 7, let number = UInt64(parts[0]), let phase = Phase(rawValue: parts[1]),
            let generation = UInt64(parts[6])
        else { return nil }
        let change: Change
        switch parts[2] {
        case "resize":
            guard let partition = try? PartitionName(parts[3]), let from = Int(parts[4]), let to = Int(parts[5]),
                (1...TopologyWish.mostLanes).contains(from), (1...TopologyWish.mostLanes).contains(to)
            else { return nil }
            change = .resize(partition, from: from, to: to)
        case "account":
            guard let from = try? PartitionName(parts[4]), let to = try? PartitionName(parts[5]) else { return nil }
            change = .account(parts[3], from: from, to: to)
        default: return nil
        }
        self.init(number: number, phase: phase, change: change, generation: generation)
    }
}

extension Topology {
    /// Whether the move was done, and nothing that undoes it since.
    func has(_ move: LaneMove) -> Bool {
        guard let generation = partitions[move.stopped]?.generation, generation >= move.generation else { return false }
        return switch move.change {
        case .resize(let partition, _, let to): partitions[partition]?.lanes == to
        case .account(let account, _, let to): accounts[account]?.partition == to
        }
    }

    /// This topology once the move is done; the same if it is.
    func applying(_ move: LaneMove) -> Topology {
        var topology = self
        topology.partitions[move.stopped]?.generation = move.generation
        switch move.change {
        case .resize(let partition, _, let to): topology.partitions[partition]?.lanes = to
        case .account(let account, _, let to): topology.accounts[account]?.partition = to
        }
        return topology
    }
}

/// Which lanes a move touches.
struct MoveLanes {
    /// Give away what is others' afterwards.
    let sources: [LaneName]
    /// Only get something.
    let targets: [LaneName]
    /// Of the sources, those that are not in use afterwards.
    let retired: Set<LaneName>

    init(_ move: LaneMove, _ topology: Topology) {
        switch move.change {
        case .resize(let partition, let from, let to):
            sources = (0..<from).map(partition.lane)
            targets = (from..<max(from, to)).map(partition.lane)
            retired = Set((min(from, to)..<from).map(partition.lane))
        case .account(_, let from, let to):
            sources = (0..<(topology.partitions[from]?.lanes ?? 0)).map(from.lane)
            targets = (0..<(topology.partitions[to]?.lanes ?? 0)).map(to.lane)
            retired = []
        }
    }

    var all: [LaneName] { sources + targets }
}
