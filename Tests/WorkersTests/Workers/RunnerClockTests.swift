import Contracts
import Delivery
import Instants
import Lanes
import Membership
import Redis
import Synchronization
import TestSupport
import Testing
import Workers

@Suite("Runners whose servers are wrong or away", .timeLimit(.minutes(5)))
struct RunnerClockTests {
    @Test(
        "by a server's clock that is a day off no timer fires, events are decided; once it is right they do",
        arguments: [86_400, -86_400])
    func leapt(seconds: Int) throws {
        let kit = try WorkerKit()
        let lead = Mutex(Duration.seconds(seconds))
        let clocks = ServerClocks(own: { ServerClocks.system() - lead.withLock { $0 } })
        let worker = try kit.worker(clocks: clocks)
        try kit.append([("ann", "timer 0 promise"), ("bob", "two")])
        try kit.decided(2)
        // Decided after the promise was due, which would have fired before.
        try kit.append([("cem", "three")])
        try kit.decided(3)
        #expect(try kit.rules() == ["ann:timer 0 promise#1", "bob:two#1", "cem:three#1"])
        #expect(worker.counters.holding == 1)
        lead.withLock { $0 = .zero }
        #expect(try kit.events.wait { _ in try kit.results().count == 4 })
        #expect(try kit.results().last?.timer == "promise")
        try PrivateCluster.wait("nothing is held back") { worker.counters.holding == 0 }
        #expect(worker.stop(atMost: WorkerKit.patience))
    }

    @Test("idle lanes of a primary that died count as waiting; a worker that starts now takes the others; all go on")
    func deadPrimary() throws {
        let cluster = try PrivateCluster()
        let lanes = try (0..<3).map { place in
            let number = try #require((0..<1_000).first { cluster.place(ofKey: "idle.\($0)") == place })
            return try LaneName("idle.\(number)")
        }
        let first = Owner(cluster)
        let worker = try first.start("worker-a", lanes, assignment: 1)
        #expect(try first.reports.wait { Set($0).isSuperset(of: lanes.map(LaneReport.taken)) })
        cluster.primaries[1].kill()
        try PrivateCluster.wait("its lane waits") { worker.counters.waiting == 1 }
        let second = Owner(cluster)
        let heir = try second.start("worker-b", lanes, assignment: 2)
        #expect(try second.reports.wait { $0.contains(.taken(lanes[0])) && $0.contains(.taken(lanes[2])) })
        #expect(try first.reports.wait { $0.contains(.lost(lanes[0])) && $0.contains(.lost(lanes[2])) })
        try PrivateCluster.wait("it has only the one that waits") { worker.counters.lanes == 1 }
        #expect(worker.counters.waiting == 1)
        try cluster.primaries[1].restart()
        try PrivateCluster.wait("nothing waits") { worker.counters.waiting == 0 }
        #expect(heir.stop(atMost: WorkerKit.patience) && worker.stop(atMost: WorkerKit.patience))
    }
}

/// Starts workers on a cluster and hears their reports.
private struct Owner {
    let cluster: PrivateCluster
    let reports = Bell<LaneReport>()

    init(_ cluster: PrivateCluster) { self.cluster = cluster }

    func start(_ name: String, _ lanes: [LaneName], assignment: UInt64) throws -> WorkerService {
        let sink = GatedCarrier()
        let setting = WorkerSetting(
            connector: LaneConnector(endpoint: cluster.endpoint), owner: name, runners: 1,
            decider: FakeDecider.decider, policy: try WorkerKit.policy(),
            carriers: Carriers(channel: sink, tell: sink, notify: sink))
        let worker = try WorkerService(setting) { [reports] in reports.ring(with: [$0]) }
        for lane in lanes { worker.grant(lane, assignment: assignment) }
        return worker
    }
}
