import Redis
import TestSupport
import Testing

@Suite("ServerFacts")
struct ServerFactsTests {
    @Test("facts are read from INFO and CONFIG")
    func reads() throws {
        let server = try PrivateRedis([
            "appendonly yes", "appendfsync always", "maxmemory 100mb", "maxmemory-policy noeviction",
            "min-replicas-to-write 2",
        ])
        let facts = try ServerFacts(reading: try server.connect())
        #expect(facts.version >= ServerFacts.Version(major: 7, minor: 0, patch: 0))
        #expect(facts.runID.count == 40)
        #expect(facts.replicationID.count == 40)
        #expect(facts.role == "master")
        #expect(facts.connectedReplicas == 0)
        #expect(facts.maxMemory == 104_857_600)
        #expect(facts.maxMemoryPolicy == "noeviction")
        #expect(facts.appendOnly)
        #expect(facts.appendFsync == .read("always"))
        #expect(facts.minReplicasToWrite == .read(2))
        #expect(facts.usedMemory > 0)
    }

    @Test("a restart shows as another run id, a refused CONFIG as declared")
    func refusedConfig() throws {
        let server = try PrivateRedis(["user app on >secret ~* +@all -config"])
        let first = try ServerFacts(reading: try server.connect())
        server.kill()
        try server.restart()
        var endpoint = server.endpoint
        endpoint.user = "app"
        endpoint.password = RedisPassword("secret")
        let second = try ServerFacts(reading: try RedisConnection(endpoint))
        #expect(first.runID != second.runID)
        #expect(second.appendFsync == .declared)
        #expect(second.minReplicasToWrite == .declared)
        #expect(!second.appendOnly)
    }
}
