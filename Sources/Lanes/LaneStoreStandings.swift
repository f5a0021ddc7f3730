package import Contracts
internal import Redis

/// A lane as an operator is to see it: also one whose primary cannot be reached.
package struct LaneStanding: Sendable {
    package let lane: LaneName
    /// Nil if the lane's primary gave no answer.
    package let look: LaneLook?
    /// Why it gave none.
    package let away: LaneFault?
    /// Its slot of a Redis Cluster is on its way to another primary.
    package let isMoving: Bool
}

/// Looking at lanes of which some are away.
extension LaneStore {
    /// All lanes in the order asked for. Redis: one HMGET a lane, and one CLUSTER NODES a primary.
    ///
    /// - Throws: what concerns the whole connection; on a cluster a primary that is away is told with its lanes.
    package func standings(_ lanes: [LaneName]) throws(LaneError) -> [LaneStanding] {
        let moving = try movingSlots()
        return try lookOrFault(lanes).map { lane, found in
            LaneStanding(
                lane: lane, look: try? found.get(), away: found.failure,
                isMoving: !moving.isEmpty && moving.contains(KeySlot(of: keys(of: lane).hash)))
        }
    }

    /// How many actions of each lane are not settled; 0 for a lane that is away. Redis: O(1) a lane.
    package func openActions(_ lanes: [LaneName]) throws(LaneError) -> [Int] {
        let commands = lanes.map { lane in
            var command = RedisCommand("HLEN")
            command.add(keys(of: lane).actions)
            return command
        }
        return try plainWhereReached(commands).map { Int($0.int ?? 0) }
    }

    /// The slots that a primary gives away or takes in.
    func movingSlots() throws(LaneError) -> Set<KeySlot> {
        guard connection.isCluster else { return [] }
        var slots: Set<KeySlot> = []
        for server in connection.reachableServers() {
            guard let text = try? server.call(RedisCommand("CLUSTER", "NODES")).string else { continue }
            slots.formUnion(Self.movingSlots(inNodes: text))
        }
        return slots
    }

    /// Reads CLUSTER NODES: behind the slots of the asked node stand `[<slot>->-<node>]` and `[<slot>-<-<node>]`.
    static func movingSlots(inNodes text: String) -> [KeySlot] {
        text.split(whereSeparator: \.isNewline).flatMap { line in
            line.split(separator: " ").dropFirst(8).compactMap { word in
                guard word.hasPrefix("["), let number = Int(word.dropFirst().prefix { $0.isNumber }) else { return nil }
                return KeySlot(number)
            }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
