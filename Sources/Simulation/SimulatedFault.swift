import Contracts

/// What goes wrong in a simulated week.
package enum SimulatedFault: String, Sendable, Hashable, CaseIterable {
    /// A worker dies. Recovered when the last of its lanes is at work again.
    case crash
    /// The leading coordinator dies, others live. Recovered when one of them leads.
    case leaderLost = "leader_lost"
    /// The same in the day's busiest hour.
    case leaderLostAtPeak = "leader_lost_at_peak"
    /// The server of the control slot is away. Recovered, counted from its return, when somebody leads; and once more, when
    /// the last lane of a worker that died meanwhile is at work.
    case controlOutage = "control_outage"
    /// A shard without the control slot is away. Recovered when the last lane of a worker that died meanwhile is at work, counted
    /// from the shard's return, or from the death if that worker had no lane there. Other lanes wait and work on at once.
    case shardLoss = "shard_loss"
    /// No coordinator lives. Recovered, for each worker that dies then, when others have adopted the last of its lanes.
    case leaderless
}

/// One outage of a shard, as it was drawn; every part of it is drawn whether it counts or not, so that all ways of placing
/// meet the same.
struct SimulatedOutage {
    let length: Duration
    /// The server's process begins anew; else it was only out of reach.
    let isRestart: Bool
    /// A worker goes with it.
    let takesWorker: Bool
    /// Of the shards, by a lot.
    let lot: UInt64

    /// A third below what counts as a break, a third up to ten seconds, a third up to a minute.
    init(_ random: inout SeededGenerator) {
        let kind = random.number(below: 3)
        let part = random.fraction()
        let seconds =
            switch kind {
            case 0: 0.2 + 1.1 * part
            case 1: 2 + 8 * part
            default: 10 + 50 * part
            }
        length = .milliseconds(Int64(seconds * 1_000))
        isRestart = random.fraction() < 0.5
        takesWorker = random.fraction() < 0.5
        lot = random.next()
    }
}
