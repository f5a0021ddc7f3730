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
        let crashes = report[.crash]
        #expect(crashes.count >= 10 && crashes.recoveries.count >= crashes.count / 2)
        // 5 s, and a lease more if the leader died too.
        #expect((crashes.recoveries.max() ?? 0) < 8)
        #expect(SimulationReport.percentile(0.5, of: crashes.recoveries) < 4)
        #expect((report.handOvers.max() ?? 0) < 100)
        #expect(report.fenced == 0)
    }

    @Test("the same seed gives the same day")
    func repeats() throws {
        var (one, other) = (try ClusterSimulation(settings(days: 0.2)), try ClusterSimulation(settings(days: 0.2)))
        #expect(try one.run() == other.run())
    }

    @Test("however often the coordinator dies, no fewer workers are asked for than if it lived", arguments: [1, 2])
    func leaders(seed: UInt64) throws {
        var steady = settings(seed: seed)
        steady.tick = 60
        steady.crashesPerMonth = 0
        steady.leadersLostPerWeek = 0
        var restless = steady
        restless.leadersLostPerWeek = 168 * 4
        var (one, other) = (try ClusterSimulation(steady), try ClusterSimulation(restless))
        let (calm, troubled) = (try one.run(), try other.run())
        #expect(troubled[.leaderLost].count >= 12)
        let least = try #require(calm.leastDemand)
        #expect(least >= 3)
        #expect(try #require(troubled.leastDemand) >= least - 1)
    }

    @Test("two ways of placing meet the same faults")
    func sameFaults() throws {
        var (one, other) = (settings(), settings(foresees: false))
        one.useAllFailures()
        other.useAllFailures()
        var (foreseeing, reacting) = (try ClusterSimulation(one), try ClusterSimulation(other))
        let (first, second) = (try foreseeing.run(), try reacting.run())
        #expect(first[.crash].count >= 10)
        for kind in SimulatedFault.allCases { #expect(first[kind].count == second[kind].count, "\(kind)") }
    }

    @Test("without crashes nothing moves but by load, and no worker is far above the others for long")
    func quiet() throws {
        // A world in which no single lane is heavier than the band.
        var calm = settings(seed: 2)
        calm.crashesPerMonth = 0
        calm.leadersLostPerWeek = 0
        var simulation = try ClusterSimulation(calm)
        let report = try simulation.run()
        #expect(report[.crash].count == 0 && report.orphansPlaced == 120)
        #expect(SimulationReport.percentile(0.5, of: report.imbalances) < 0.15)
    }
}
