import Foundation
package import Redis
import Synchronization

/// A redis-server of one test's own: in a fresh folder, on a unix socket, without persistence unless its configuration
/// says so. It ends with `close()`, with its last reference, and with this process, however that dies: a shell holds it
/// on a pipe and kills it when the pipe closes.
package final class PrivateRedis: Sendable {
    /// Its working folder, which also holds its socket; removed by `close()`.
    package let folder: String
    /// Its unix socket.
    package let endpoint: RedisEndpoint
    /// Its loopback TCP port, if one was asked for.
    package let port: UInt16?
    private let process: Mutex<ServerProcess?>

    package struct StartFailure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts the server and returns once it answers.
    ///
    /// - Parameters:
    ///   - configuration: lines of a redis.conf; they come last and so win.
    ///   - withTCP: listens on a free loopback port as well.
    package init(_ configuration: [String] = [], withTCP: Bool = false) throws {
        folder = try makeTemporaryFolder("redis")
        endpoint = .unix("\(folder)/redis.sock")
        port = withTCP ? try freeLoopbackPort() : nil
        process = Mutex(nil)
        let lines =
            [
                "port \(port ?? 0)", "bind 127.0.0.1", "unixsocket \(folder)/redis.sock", "dir \(folder)",
                "save \"\"", "appendonly no", "daemonize no", "logfile \(folder)/redis.log",
            ] + configuration
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: "\(folder)/redis.conf", atomically: false, encoding: .utf8)
        try restart()
    }

    deinit { close() }

    /// The same server over loopback TCP; nil unless asked for.
    package var tcpEndpoint: RedisEndpoint? {
        port.map { RedisEndpoint(.tcp(host: "127.0.0.1", port: $0)) }
    }

    /// A new connection over the unix socket.
    package func connect() throws(RedisError) -> RedisConnection {
        try RedisConnection(endpoint)
    }

    /// Starts the server again in its folder, after `kill()`; returns once it answers.
    package func restart() throws {
        let started = try ServerProcess(arguments: ["redis-server", "\(folder)/redis.conf"])
        process.withLock { $0 = started }
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            if let connection = try? connect(), (try? connection.call(RedisCommand("PING"))) != nil { return }
            guard ContinuousClock.now < end, started.isRunning else {
                let log = (try? String(contentsOfFile: "\(folder)/redis.log", encoding: .utf8)) ?? "no log"
                close()
                throw StartFailure(description: "expected redis-server to answer within 20 s, its log: \(log)")
            }
            usleep(2_000)
        }
    }

    /// Kills it as `kill -9` does, and returns once it is gone. Its folder stays.
    package func kill() {
        process.withLock { process in
            process?.end()
            process = nil
        }
    }

    /// Stops it as SIGSTOP does: it keeps its sockets and answers nothing until `resume()`.
    package func pause() {
        process.withLock { $0?.signal(SIGSTOP) }
    }

    package func resume() {
        process.withLock { $0?.signal(SIGCONT) }
    }

    /// Kills it and removes its folder; harmless when repeated.
    package func close() {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
