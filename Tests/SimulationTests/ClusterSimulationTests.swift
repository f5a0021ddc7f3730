import Simulation
import Testing

@Suite("ClusterSimulation")
struct ClusterSimulationTests {
    private func settings(days: Double = 0.25, foresees: Bool = true, seed: UInt64 = 1) -> SimulationSettings {
        var settings = SimulationSettings()
        settings.workers = 8
        settings.lanes = 120
        settings.days = days
        settings.tick = 600
        settings.seed = seed
        settings.foresees = foresees
        settings.crashesPerMonth = 240
        settings.leadersLostPerWeek = 14
        return settings
    }

    @Test(
        "six hours of eight workers with crashes: every lane ends with one living owner, and works again within 8 s",
        arguments: [1, 2])
    func day(seed: UInt64) throws {
        var simulation = try ClusterSimulation(settings(seed: seed))
        let report = try simulation.run()
        #expect(report.disagreements == 0)
        #expect(report.crashes >= 10 && report.recoveries.count >= report.crashes / 2)
        // 5 s, and a lease more if the leader died too.
        #expect((report.recoveries.max() ?? 0) < 8)
        #expect(SimulationReport.percentile(0.5, of: report.recoveries) < 4)
        #expect((report.handOvers.max() ?? 0) < 100)
        #expect(report.fenced == 0)
    }

    @Test("the same seed gives the same day")
    func repeats() throws {
        var (one, other) = (try ClusterSimulation(settings(days: 0.2)), try ClusterSimulation(settings(days: 0.2)))
        #expect(try one.run() == other.run())
    }

    @Test("without crashes nothing moves but by load, and no worker is far above the others for long")
    func quiet() throws {
        var calm = settings()
        calm.crashesPerMonth = 0
        calm.leadersLostPerWeek = 0
        var simulation = try ClusterSimulation(calm)
        let report = try simulation.run()
        #expect(report.crashes == 0 && report.orphansPlaced == 120)
        #expect(SimulationReport.percentile(0.5, of: report.imbalances) < 0.15)
    }
}
