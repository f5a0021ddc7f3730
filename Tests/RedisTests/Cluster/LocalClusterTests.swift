import Foundation
import Redis
import TestSupport
import Testing

@Suite("cluster/local", .timeLimit(.minutes(3)))
struct LocalClusterTests {
    @Test("three nodes come up, take keys, show their state, and go")
    func upAndDown() throws {
        let local = try LocalCluster()
        #expect(try local.run("status") != 0)
        #expect(try local.run("down") != 0)
        #expect(try local.run("up", "4") != 0)
        defer { _ = try? local.run("down") }
        try #require(try local.run("up") == 0, "expected a cluster at \(local.endpoint)")
        let connection = try RedisConnection(local.endpoint)
        let replies = try connection.pipeline((0..<100).map { RedisCommand("SET", "key\($0)", "1") })
        #expect(replies.allSatisfy { $0 == .status("OK") })
        #expect(try connection.servers().count == 3)
        #expect(try local.run("status") == 0)
        #expect(try local.run("up") != 0)
        #expect(try local.run("down") == 0)
        #expect(!FileManager.default.fileExists(atPath: local.folder))
    }
}
