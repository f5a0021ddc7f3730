import Foundation
package import Redis

/// `cluster/local`, with a folder and ports of one test's own.
package struct LocalCluster: Sendable {
    /// Where its servers' data lie; it makes the folder, and removes it.
    package let folder: String
    private let script: String
    private let first: UInt16

    package init() throws {
        script = URL(filePath: #filePath).appending(path: "../../../cluster/local").standardized.path
        folder = try makeTemporaryFolder("local-cluster") + "/cluster"
        first = UInt16.random(in: 20_000..<28_000)
    }

    /// The script's exit code.
    package func run(_ words: String...) throws -> Int32 {
        try runToEnd(
            ["env", "NIGHTSHIFT_CLUSTER_DIR=\(folder)", "NIGHTSHIFT_CLUSTER_PORT=\(first)", "bash", script] + words)
    }

    package var endpoint: RedisEndpoint {
        RedisEndpoint(.cluster([NodeAddress(host: "127.0.0.1", port: first)]))
    }
}
