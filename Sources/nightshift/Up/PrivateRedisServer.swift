import Foundation
import Redis

/// The redis-server that `up` runs for itself: a folder and a unix socket of its own, append-only file every second, the
/// settings of `cluster/redis.conf`. It ends with SIGTERM when `up` ends, so its file is complete.
final class PrivateRedisServer {
    let endpoint: RedisEndpoint
    let folder: URL
    private let process: Process

    /// Starts the server in `folder` and returns once it answers.
    ///
    /// - Parameters:
    ///   - appendFsync: in Redis' words; `everysec` or `always`.
    ///   - clusterPort: of a node of a Redis Cluster, on loopback; nil for a server by itself, which has a socket only.
    /// - Throws: `Failure` with the end of the server's log if it does not answer within ten seconds.
    init(folder: URL, appendFsync: String = "everysec", clusterPort: Int? = nil) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let socket = folder.appending(path: "redis.sock").path
        guard socket.utf8.count < 100 else {
            throw Failure(expected: "a folder whose path is short enough for a socket", came: socket, at: "--folder")
        }
        let node = try clusterPort.map { port in
            [
                "bind 127.0.0.1", "port \(port)", "cluster-enabled yes", "cluster-config-file nodes.conf",
                "cluster-port \(try FreePort.choose(0, option: "--cluster"))", "cluster-node-timeout 15000",
                "cluster-require-full-coverage no", "cluster-allow-replica-migration no", "repl-diskless-sync-delay 0",
            ]
        }
        let lines =
            [
                "unixsocket \(socket)", "dir \(folder.path)", "logfile \(folder.path)/redis.log", "daemonize no",
                "appendonly yes", "appendfsync \(appendFsync)", "save \"\"", "maxmemory 2gb",
                "maxmemory-policy noeviction",
                "hash-max-listpack-entries 128", "hash-max-listpack-value 1024", "stream-node-max-bytes 16kb",
                "lazyfree-lazy-user-del yes", "auto-aof-rewrite-min-size 256mb",
            ] + (node ?? ["port 0"])
        let configuration = folder.appending(path: "redis.conf")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: configuration)
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["redis-server", configuration.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        endpoint = .unix(socket)
        try process.run()
        try waitUntilItAnswers()
    }

    /// Ends the server, its append-only file complete, and waits for it.
    ///
    /// By command and not by SIGTERM: a child of one of the pool's threads inherits a mask that blocks every signal.
    func stop() {
        guard process.isRunning else { return }
        if let connection = try? RedisConnection(endpoint) {
            // It answers by closing the connection.
            _ = try? connection.call(RedisCommand("SHUTDOWN"))
        }
        let deadline = ContinuousClock.now + .seconds(10)
        while process.isRunning, ContinuousClock.now < deadline { usleep(5_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private func waitUntilItAnswers() throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline, process.isRunning {
            if let connection = try? RedisConnection(endpoint), (try? connection.call(RedisCommand("PING"))) != nil {
                return
            }
            usleep(5_000)
        }
        let log = (try? String(contentsOf: folder.appending(path: "redis.log"), encoding: .utf8)) ?? "no log"
        stop()
        throw Failure(
            "redis-server in \(folder.path): expected an answer within 10 s, got none; its log ends with:\n"
                + log.split(separator: "\n").suffix(5).joined(separator: "\n"))
    }
}
