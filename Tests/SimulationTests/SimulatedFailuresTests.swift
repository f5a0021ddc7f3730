import Simulation
import Testing

@Suite("Failures of a simulated cluster")
struct SimulatedFailuresTests {
    /// Nothing fails but what a test switches on.
    private func settings(days: Double = 0.25, seed: UInt64 = 1) -> SimulationSettings {
        var settings = SimulationSettings()
        settings.workers = 8
        settings.lanes = 120
        settings.days = days
        settings.tick = 600
        settings.seed = seed
        settings.shards = 4
        settings.crashesPerMonth = 0
        settings.leadersLostPerWeek = 0
        return settings
    }

    private func run(_ settings: SimulationSettings) throws -> SimulationReport {
        var simulation = try ClusterSimulation(settings)
        let report = try simulation.run()
        #expect(report.disagreements == 0)
        return report
    }

    /// Enough in six hours.
    private static let often = 28.0 * 14

    @Test(
        "outages of the control slot kill nobody: a leader is there at once, and the lanes of the dead wait a lease for proof",
        arguments: [1, 2])
    func controlOutages(seed: UInt64) throws {
        var settings = settings(seed: seed)
        settings.controlOutagesPerWeek = Self.often
        let report = try run(settings)
        let outages = report[.controlOutage]
        #expect(outages.count >= 8 && outages.recoveries.count >= outages.count)
        // Reachable for a lease, three heirs' silence, a message and a take; a lease more if the leader's had not ended.
        #expect((outages.recoveries.max() ?? 0) < 8)
        #expect(report.fenced == 0, "a member that lives lost a lane to an outage")
        #expect(report[.crash].count < outages.count)
    }

    @Test(
        "a shard that is away moves nobody's lanes; those of a worker that died meanwhile come back after it",
        arguments: [1, 2])
    func shardLosses(seed: UInt64) throws {
        var settings = settings(seed: seed)
        settings.shardLossesPerWeek = Self.often
        let report = try run(settings)
        let losses = report[.shardLoss]
        #expect(losses.count >= 8 && losses.recoveries.count >= 2)
        #expect((losses.recoveries.max() ?? 0) < 8)
        #expect(report.fenced == 0 && report.idleLaneSeconds > 0)
    }

    @Test(
        "without any coordinator the lanes of the dead are adopted, and the next leader writes that down and moves none of them",
        arguments: [1, 2])
    func leaderless(seed: UInt64) throws {
        var settings = settings(seed: seed)
        settings.leaderlessPerWeek = Self.often
        let report = try run(settings)
        let times = report[.leaderless]
        #expect(times.count >= 8 && times.recoveries.count >= 8)
        // A lease of the dead or of the leader, a heartbeat, a take; started anew or not.
        #expect((times.recoveries.max() ?? 0) < 8)
        #expect(report.adopted >= 30)
        #expect(report.fenced == 0)
    }

    @Test(
        "a coordinator killed in the busiest hour delays no decision: no lane stands still for it, another leads within its lease"
    )
    func peak() throws {
        let calm = settings(days: 1.1)
        var killed = calm
        killed.losesLeaderAtPeak = true
        let (one, other) = (try run(calm), try run(killed))
        let losses = other[.leaderLostAtPeak]
        #expect(losses.count == 1 && losses.recoveries.count == 1)
        #expect((losses.recoveries.first ?? 9) <= 3)
        // What stands still are hand-overs, for milliseconds each.
        #expect(other.idleLaneSeconds < 0.1 * Double(max(1, other.plannedMoves)))
        #expect(one[.leaderLostAtPeak].count == 0)
        #expect(other.largestBacklog <= one.largestBacklog * 1.5 + 1)
    }

    @Test(
        "members whose clocks run at 0.4 to 2.5 times their speed keep their lanes: nobody dies of it",
        arguments: [1, 2])
    func clocks(seed: UInt64) throws {
        var settings = settings(seed: seed)
        settings.wildClocks = 0.5
        let report = try run(settings)
        #expect(report[.crash].count == 0 && report.orphansPlaced == 120)
    }

    @Test(
        "with everything failing at once every lane ends with one living owner; the same seed gives the same week",
        arguments: [1, 2])
    func everything(seed: UInt64) throws {
        var settings = settings(days: 0.2, seed: seed)
        settings.useAllFailures()
        settings.controlOutagesPerWeek *= 28
        settings.shardLossesPerWeek *= 28
        settings.leaderlessPerWeek *= 28
        settings.wildClocks = 0.25
        settings.crashesPerMonth = 240
        settings.leadersLostPerWeek = 140
        let report = try run(settings)
        for kind in SimulatedFault.allCases where kind != .leaderLostAtPeak {
            #expect(report[kind].count > 0, "\(kind)")
        }
        #expect(try run(settings) == report)
    }
}
