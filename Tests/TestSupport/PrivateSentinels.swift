import Foundation
package import Redis
import Synchronization

/// A primary with a replica and three Sentinels of one test's own on loopback, which fail over within some seconds.
package final class PrivateSentinels: Sendable {
    package let primary: PrivateRedis
    package let replica: PrivateRedis
    private let sentinels: [NodeAddress]
    private let folder: String
    private let processes: Mutex<[ServerProcess]>

    private let entrance: RedisEndpoint.SentinelEntrance?

    /// - Parameter password: with which the Sentinels, and they alone, are entered; the user `eye` has it too, and may ask only.
    package init(password: String? = nil) throws {
        entrance = password.map { .init(password: RedisPassword($0)) }
        primary = try PrivateRedis(withTCP: true)
        replica = try PrivateRedis(["repl-diskless-sync-delay 0"], withTCP: true)
        folder = try makeTemporaryFolder("sentinel")
        processes = Mutex([])
        sentinels = try (0..<3).map { _ in NodeAddress(host: "127.0.0.1", port: try freeLoopbackPort()) }
        _ = try replica.ask("REPLICAOF", "127.0.0.1", "\(primary.port ?? 0)")
        for (place, sentinel) in sentinels.enumerated() {
            let rules = password.map {
                ["requirepass \($0)", "user eye on >\($0) -@all +sentinel|get-master-addr-by-name"]
            }
            let lines = [
                "bind 127.0.0.1", "port \(sentinel.port)", "dir \(folder)", "logfile \(folder)/\(place).log",
                "sentinel monitor main 127.0.0.1 \(primary.port ?? 0) 2", "sentinel down-after-milliseconds main 3000",
                "sentinel failover-timeout main 10000",
            ]
            let file = "\(folder)/\(place).conf"
            try ((lines + (rules ?? [])).joined(separator: "\n") + "\n").write(
                toFile: file, atomically: false, encoding: .utf8)
            let process = try ServerProcess(arguments: ["redis-server", file, "--sentinel"])
            processes.withLock { $0.append(process) }
        }
        try PrivateCluster.wait("the Sentinels know each other and the replica") {
            guard processes.withLock({ $0.allSatisfy(\.isRunning) }) else {
                throw PrivateCluster.Fault(description: "expected three Sentinels, one has ended")
            }
            return sentinels.allSatisfy { sentinel in
                let facts = try? RedisConnection(
                    RedisEndpoint(.tcp(host: sentinel.host, port: sentinel.port), password: entrance?.password)
                )
                .call(RedisCommand("SENTINEL", "MASTER", "main")).array
                guard let facts else { return false }
                let words = facts.map { $0.string ?? "" }
                func value(_ name: String) -> String? {
                    words.firstIndex(of: name).flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
                }
                return value("num-slaves") == "1" && value("num-other-sentinels") == "2"
            }
        }
    }

    deinit {
        processes.withLock { processes in
            for process in processes { process.end() }
            processes = []
        }
        primary.close()
        replica.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The first one named is nobody, unless somebody is given: one Sentinel that is away must not matter.
    package func endpoint(
        service: String = "main", first: NodeAddress? = nil, user: String? = nil
    ) throws -> RedisEndpoint {
        let nobody = try first ?? NodeAddress(host: "127.0.0.1", port: try freeLoopbackPort())
        return RedisEndpoint(
            .sentinel([nobody] + sentinels, service: service),
            sentinelEntrance: entrance.map { .init(user: user, password: $0.password) })
    }
}
