/// What is simulated.
package struct SimulationSettings: Sendable {
    package var workers = 1_000
    package var lanes = 50_000
    package var days = 7.0
    package var seed: UInt64 = 1
    /// Threads that decide, of each worker.
    package var runners = 2
    /// Runner-seconds that an event costs.
    package var cost = 5e-5
    /// What of all capacity the busiest hour takes, noise apart.
    package var peak = 0.55
    /// Crashes of each worker in thirty days. Half come back within two seconds, the others within five minutes.
    package var crashesPerMonth = 2.0
    /// How many times in a week the coordinator that leads dies; another leads once its lease has ended.
    package var leadersLostPerWeek = 7.0
    /// Primaries on which the lanes lie, the control slot on the first of them; 1: all on one Redis.
    package var shards = 1
    /// How many times in a week the control slot's server is away, for a moment or up to a minute; half the times a worker
    /// dies meanwhile.
    package var controlOutagesPerWeek = 0.0
    /// The same for the other shards, one at a time.
    package var shardLossesPerWeek = 0.0
    /// How many times in a week no coordinator lives, for a minute to ten; three workers die meanwhile.
    package var leaderlessPerWeek = 0.0
    /// The part of the workers whose own clocks run wrong, at 0.4 to 2.5 times their speed.
    package var wildClocks = 0.0
    /// Whether the leading coordinator dies in each day's busiest hour too.
    package var losesLeaderAtPeak = false
    /// Whether lanes are placed by the forecast, or only by what was measured.
    package var foresees = true
    /// Seconds between two measurements of load, and between the leader's rounds while nothing happens.
    package var tick = 60

    package init() {}

    /// Everything that can fail does, some times a week.
    package mutating func useAllFailures() {
        shards = 6
        controlOutagesPerWeek = 14
        shardLossesPerWeek = 21
        leaderlessPerWeek = 7
        wildClocks = 0.02
        losesLeaderAtPeak = true
    }
}
