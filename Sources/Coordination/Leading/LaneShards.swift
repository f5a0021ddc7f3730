internal import Contracts
internal import Lanes
internal import Redis

/// On which shard of a Redis Cluster each lane lies, read from the slot map every ten seconds; nothing without one.
///
/// A lane whose slot nobody serves stays where it was last: its server may be about to be replaced, and affinity is no
/// reason to move lanes then.
struct LaneShards {
    private static let readEvery = Duration.seconds(10)

    private(set) var shards: [LaneName: Int] = [:]
    private var basis: (topology: UInt64, at: ContinuousClock.Instant)?

    /// O(lanes) when it reads.
    mutating func read(_ lanes: [LaneName], topology: UInt64, _ store: LaneStore, now: ContinuousClock.Instant = .now) {
        guard store.connection.isCluster else { return }
        if let basis, basis.topology == topology, now - basis.at < Self.readEvery { return }
        var read: [LaneName: Int] = [:]
        read.reserveCapacity(lanes.count)
        for lane in lanes { read[lane] = store.shardStart(of: lane) ?? shards[lane] }
        shards = read
        basis = (topology, now)
    }
}
