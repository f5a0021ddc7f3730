private import Foundation
private import Redis

/// What a drill keeps its lanes on.
protocol DrillServers: AnyObject {
    /// Starts every server and returns when it serves.
    func start() throws(DrillFailure)
    /// SIGKILL to whatever is left.
    func abandon()
}

/// A private redis-server on a unix socket.
final class SingleServer: DrillServers {
    private let process: RoleProcess
    private let site: DrillSite

    init(_ site: DrillSite) throws {
        self.site = site
        let folder = site.folder
        let lines = [
            "port 0", "unixsocket \(folder)/redis.sock", "dir \(folder)", "daemonize no", "appendonly yes",
            "appendfsync \(site.durability == "always" ? "always" : "everysec")", "save \"\"", "maxmemory 2gb",
            "maxmemory-policy noeviction", "hash-max-listpack-entries 128", "hash-max-listpack-value 1024",
            "stream-node-max-bytes 16kb", "auto-aof-rewrite-min-size 256mb",
        ]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(folder)/redis.conf"))
        process = RoleProcess("redis", ["redis-server", "\(folder)/redis.conf"], folder: folder)
    }

    func start() throws(DrillFailure) {
        try process.start()
        let deadline = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < deadline {
            if let connection = try? RedisConnection(site.endpoint), (try? connection.call(RedisCommand("PING"))) != nil
            {
                return
            }
            pause(.milliseconds(5))
        }
        throw DrillFailure(
            "redis-server: expected an answer within 15 s, got none; its log ends with:\n\(process.lastLines)")
    }

    /// SIGKILL, and at once again.
    func killAndStart() throws(DrillFailure) {
        process.killNow()
        try process.start()
    }

    func abandon() { process.killNow() }
}

/// Lets this thread rest; only drills' own threads call it.
func pause(_ duration: Duration) {
    Thread.sleep(
        forTimeInterval: Double(duration.components.seconds)
            + Double(duration.components.attoseconds) / 1_000_000_000_000_000_000)
}
