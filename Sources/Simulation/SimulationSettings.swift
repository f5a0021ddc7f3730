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
    /// Whether lanes are placed by the forecast, or only by what was measured.
    package var foresees = true
    /// Seconds between two measurements of load, and between the leader's rounds while nothing happens.
    package var tick = 60

    package init() {}
}
