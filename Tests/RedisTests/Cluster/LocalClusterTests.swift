import Foundation
import Redis
import TestSupport
import Testing

@Suite("cluster/local", .timeLimit(.minutes(3)))
struct LocalClusterTests {
    @Test("three nodes come up, take keys, show their state, and go")
    func upAndDown() throws {
        let script = URL(filePath: #filePath).appending(path: "../../../../cluster/local").standardized.path
        let folder = try makeTemporaryFolder("local-cluster") + "/cluster"
        let port = UInt16.random(in: 20_000..<28_000)
        func run(_ words: String...) throws -> Int32 {
            try runToEnd(
                ["env", "NIGHTSHIFT_CLUSTER_DIR=\(folder)", "NIGHTSHIFT_CLUSTER_PORT=\(port)", "bash", script] + words)
        }
        #expect(try run("status") != 0)
        #expect(try run("down") != 0)
        #expect(try run("up", "4") != 0)
        defer { _ = try? run("down") }
        try #require(try run("up") == 0, "expected a cluster from port \(port)")
        let connection = try RedisConnection(
            RedisEndpoint(.cluster([NodeAddress(host: "127.0.0.1", port: port)])))
        let replies = try connection.pipeline((0..<100).map { RedisCommand("SET", "key\($0)", "1") })
        #expect(replies.allSatisfy { $0 == .status("OK") })
        #expect(try connection.servers().count == 3)
        #expect(try run("status") == 0)
        #expect(try run("up") != 0)
        #expect(try run("down") == 0)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
