private import Foundation
private import Redis

/// The processes that a drill breaks: a private redis-server and every role by itself.
final class DrillGround {
    let redis: RoleProcess
    let sandbox: RoleProcess
    let ingress: RoleProcess
    let coordinator: RoleProcess
    let workers: [RoleProcess]
    private let site: DrillSite

    init(_ site: DrillSite, _ plan: DrillPlan) throws {
        self.site = site
        let folder = site.folder
        let lines = [
            "port 0", "unixsocket \(folder)/redis.sock", "dir \(folder)", "daemonize no", "appendonly yes",
            "appendfsync \(site.durability == "always" ? "always" : "everysec")", "save \"\"", "maxmemory 2gb",
            "maxmemory-policy noeviction", "hash-max-listpack-entries 128", "hash-max-listpack-value 1024",
            "stream-node-max-bytes 16kb", "auto-aof-rewrite-min-size 256mb",
        ]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(folder)/redis.conf"))
        redis = RoleProcess("redis", ["redis-server", "\(folder)/redis.conf"], folder: folder)
        func role(_ kind: String, _ name: String, _ options: [String]) -> RoleProcess {
            RoleProcess(name, [site.executable, kind] + options, folder: folder)
        }
        let shared = [
            "--redis", "\(folder)/redis.sock", "--namespace", site.namespace, "--durability", site.durability,
        ]
        sandbox = role(
            "sandbox", "sandbox",
            [
                "--config", site.config, "--zoneinfo", site.zoneinfo, "--port", "\(site.port(1))", "--secrets",
                site.secrets, "--webhook", site.webhook, "--ledger", site.ledger, "--latency-ms", "\(plan.latencyMs)",
            ])
        ingress = role(
            "ingress", "ingress",
            shared + ["--name", "i1", "--port", "\(site.port(0))", "--secrets", site.secrets] + site.ingressOptions)
        coordinator = role("coordinator", "coordinator", shared + ["--name", "c1", "--port", "0"])
        workers = (1...plan.workers).map { number in
            role(
                "worker", "w\(number)",
                shared + [
                    "--name", "w\(number)", "--runners", "2", "--graph", "http://127.0.0.1:\(site.port(1))/v26.0",
                    "--port", "\(site.port(1 + number))", "--patience-ms", "\(plan.patienceMs)",
                ])
        }
    }

    /// Starts Redis and returns when it answers.
    func startRedis() throws {
        try redis.start()
        let deadline = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < deadline {
            if let connection = try? RedisConnection(site.endpoint), (try? connection.call(RedisCommand("PING"))) != nil
            {
                return
            }
            usleep(5_000)
        }
        throw DrillFailure(
            "redis-server: expected an answer within 15 s, got none; its log ends with:\n\(redis.lastLines)")
    }

    func startRoles() throws {
        for process in [sandbox, ingress, coordinator] + workers { try process.start() }
    }

    /// Ends everything, the workers first, so that none reports a Redis that is gone.
    func end() {
        for worker in workers {
            worker.thaw()
            worker.end(atMost: .seconds(15))
        }
        for process in [ingress, coordinator, sandbox] { process.end(atMost: .seconds(5)) }
    }

    /// SIGKILL to whatever is left.
    func abandon() {
        for process in workers + [ingress, coordinator, sandbox, redis] { process.killNow() }
    }
}
