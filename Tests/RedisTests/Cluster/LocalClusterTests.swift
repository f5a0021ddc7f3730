import Foundation
import Redis
import TestSupport
import Testing

@Suite("cluster/local", .timeLimit(.minutes(3)))
struct LocalClusterTests {
    /// Runs the script; its exit code and its output.
    private func run(_ words: [String], _ folder: String, _ port: Int) throws -> (code: Int32, output: String) {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [root.appending(path: "cluster/local").path] + words
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["NIGHTSHIFT_CLUSTER_DIR": folder, "NIGHTSHIFT_CLUSTER_PORT": "\(port)"]) { _, new in new }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    @Test("three nodes come up, take keys by the URL that is printed, show their state, and go")
    func upAndDown() throws {
        let folder = try makeTemporaryFolder("local-cluster") + "/cluster"
        let port = Int.random(in: 20_000..<28_000)
        #expect(try run(["status"], folder, port).code != 0)
        let up = try run(["up"], folder, port)
        defer { _ = try? run(["down"], folder, port) }
        try #require(up.code == 0, "port \(port): \(up.output)")
        let url = up.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let connection = try RedisConnection(try RedisEndpoint(parsing: url))
        let replies = try connection.pipeline((0..<100).map { RedisCommand("SET", "key\($0)", "1") })
        #expect(replies.allSatisfy { $0 == .status("OK") })
        #expect(try connection.servers().count == 3)
        #expect(try run(["up"], folder, port).code != 0)
        #expect(
            try run(["status"], folder, port) == (0, (0..<3).map { "127.0.0.1:\(port + $0) master serves\n" }.joined()))
        #expect(try run(["down"], folder, port).code == 0)
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(try run(["up", "4"], folder, port).code != 0)
    }
}
