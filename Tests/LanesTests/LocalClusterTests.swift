import Contracts
import Lanes
import Redis
import TestSupport
import Testing

@Suite("cluster/local with replicas", .timeLimit(.minutes(3)))
struct LocalClusterTests {
    @Test("six nodes: a replica stands behind each primary, and roles start there with replicated(1)")
    func withReplicas() throws {
        let local = try LocalCluster()
        defer { _ = try? local.run("down") }
        try #require(try local.run("up", "6") == 0, "expected a cluster at \(local.endpoint)")
        let store = try LaneConnector(endpoint: local.endpoint, durability: .replicated(1)).open()
        for server in try store.connection.servers() {
            let facts = try ServerFacts(reading: server)
            #expect(facts.role == "master" && facts.connectedReplicas == 1)
        }
        let check = try store.checkDurability()
        #expect(check.refusals == [])
        let lane = try LaneName("de-berlin.0")
        var body: [UInt8] = []
        EventFraming.append([1, 2, 3], to: &body)
        let batch = AppendBatch(lane: lane, producer: ProducerID(1), number: 1, count: 1, body: body)
        guard case .held = try store.append([batch])[0] else {
            Issue.record("expected the entry on a replica too")
            return
        }
    }
}
