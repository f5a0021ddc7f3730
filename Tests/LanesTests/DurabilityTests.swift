import Lanes
import Redis
import TestSupport
import Testing

@Suite("Named durability")
struct DurabilityTests {
    @Test(
        "names read back as they are written",
        arguments: [Durability.memory, .everysec, .always, .replicated(1), .replicated(8)])
    func names(durability: Durability) {
        #expect(Durability(durability.description) == durability)
    }

    @Test(
        "what is no name is refused",
        arguments: [
            "", "Memory", "replicated", "replicated()", "replicated(0)", "replicated(9)", "replicated(1",
            "replicated(+1)",
        ])
    func noNames(text: String) {
        #expect(Durability(text) == nil)
    }

    @Test(
        "a server is refused for what is weaker than the name, and warned of for what cannot be known",
        arguments: [
            (["appendonly yes", "maxmemory 1gb"], Durability.everysec, 0, 0),
            (["appendonly yes"], .everysec, 0, 1),
            (["appendonly yes", "appendfsync no"], .everysec, 1, 1),
            (["appendonly yes"], .always, 1, 1),
            (["appendonly yes", "appendfsync always"], .always, 0, 1),
            ([], .everysec, 1, 1),
            ([], .memory, 0, 1),
            (["maxmemory 1gb", "maxmemory-policy allkeys-lru"], .memory, 1, 0),
            (["appendonly yes"], .replicated(1), 1, 1),
            (["appendonly yes", "min-replicas-to-write 1"], .replicated(1), 0, 1),
            (["appendonly yes", "min-replicas-to-write 1"], .replicated(2), 1, 1),
        ])
    func judged(configuration: [String], durability: Durability, refusals: Int, warnings: Int) throws {
        let redis = try PrivateRedis(configuration)
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard, durability: durability)
        let check = try store.checkDurability()
        #expect(check.refusals.count == refusals, "\(check.refusals)")
        #expect(check.warnings.count == warnings, "\(check.warnings)")
        #expect(check.isRefused == (refusals > 0))
    }

    @Test("a setting that cannot be read is warned of as declared")
    func declared() throws {
        let redis = try PrivateRedis(["appendonly yes", "maxmemory 1gb", "rename-command CONFIG \"\""])
        defer { redis.close() }
        let store = LaneStore(connection: try redis.connect(), keyspace: .standard, durability: .replicated(1))
        let check = try store.checkDurability()
        #expect(check.refusals.isEmpty && check.warnings.count == 2)
        #expect(check.warnings.allSatisfy { $0.contains("declared") })
    }
}
