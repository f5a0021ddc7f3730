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
    /// Its loopback port for TLS, if certificates were given.
    package let tlsPort: UInt16?
    private let process: Mutex<ServerProcess?>

    package struct StartFailure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts the server and returns once it answers.
    ///
    /// - Parameters:
    ///   - configuration: lines of a redis.conf; they come last and so win.
    ///   - withTCP: listens on a free loopback port as well.
    ///   - tls: its certificate and roots, on a free loopback port; clients need none of their own unless
    ///     `tls-auth-clients yes` stands in the configuration.
    package init(_ configuration: [String] = [], withTCP: Bool = false, tls: TestCertificates? = nil) throws {
        let folder = try makeTemporaryFolder("redis")
        self.folder = folder
        endpoint = .unix("\(folder)/redis.sock")
        let made = try Self.retryingPorts {
            let port = withTCP ? try freeLoopbackPort() : nil
            let tlsPort = try tls.map { _ in try freeLoopbackPort() }
            let tlsLines =
                tls.map {
                    [
                        "tls-port \(tlsPort ?? 0)", "tls-cert-file \($0.server.certificate)",
                        "tls-key-file \($0.server.key)", "tls-ca-cert-file \($0.authority)", "tls-auth-clients no",
                    ]
                } ?? []
            let lines =
                [
                    "port \(port ?? 0)", "bind 127.0.0.1", "unixsocket \(folder)/redis.sock", "dir \(folder)",
                    "save \"\"", "appendonly no", "daemonize no", "logfile \(folder)/redis.log",
                ] + tlsLines + configuration
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: "\(folder)/redis.conf", atomically: false, encoding: .utf8)
            return (port: port, tlsPort: tlsPort, process: try Self.start(in: folder))
        }
        (port, tlsPort) = (made.port, made.tlsPort)
        process = Mutex(made.process)
    }

    /// Tries three times with ports of its own where another process was quicker: a free port is nobody's until it is
    /// listened on.
    static func retryingPorts<Made>(_ make: () throws -> Made) throws -> Made {
        for _ in 0..<2 {
            do {
                return try make()
            } catch let failure as StartFailure where failure.description.contains("Failed listening on") {
                continue
            }
        }
        return try make()
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
        do {
            let started = try Self.start(in: folder)
            process.withLock { $0 = started }
        } catch {
            close()
            throw error
        }
    }

    private static func start(in folder: String) throws -> ServerProcess {
        let started = try ServerProcess(arguments: ["redis-server", "\(folder)/redis.conf"])
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            if answers(.unix("\(folder)/redis.sock")) { return started }
            guard ContinuousClock.now < end, started.isRunning else {
                let log = (try? String(contentsOfFile: "\(folder)/redis.log", encoding: .utf8)) ?? "no log"
                started.end()
                throw StartFailure(description: "expected redis-server to answer within 20 s, its log: \(log)")
            }
            usleep(2_000)
        }
    }

    /// Whether it has read its data and serves; one that asks for a password does.
    private static func answers(_ endpoint: RedisEndpoint) -> Bool {
        do throws(RedisError) {
            _ = try RedisConnection(endpoint).call(RedisCommand("PING"))
            return true
        } catch {
            return error.serverError?.code == "NOAUTH"
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
