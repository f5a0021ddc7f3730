import Instants
import Sandbox

/// The processes that a drill breaks: Redis and every role by itself.
final class DrillGround {
    /// The only server; nil on a cluster.
    let redis: SingleServer?
    let cluster: ClusterServers?
    let sandbox: RoleProcess
    let ingress: RoleProcess
    let coordinator: RoleProcess
    let workers: [RoleProcess]

    init(_ site: DrillSite, _ plan: DrillPlan) throws {
        cluster = try site.cluster.map { try ClusterServers(site, $0) }
        redis = site.cluster == nil ? try SingleServer(site) : nil
        func role(_ kind: String, _ name: String, _ options: [String]) -> RoleProcess {
            Self.role(site, kind, name, options)
        }
        let shared = Self.shared(site)
        sandbox = role(
            "sandbox", "sandbox",
            [
                "--config", site.config, "--zoneinfo", site.zoneinfo, "--port", "\(site.port(1))", "--secrets",
                site.secrets, "--webhook", site.webhook, "--ledger", site.ledger, "--latency-ms", "\(plan.latencyMs)",
                "--host", site.host(of: "sandbox"),
            ] + (plan.platform.map { $0.options + ["--clock-ahead-ms", "\(site.offset.wholeMilliseconds)"] } ?? [])
                + plan.limits.flatMap { ["--limit", $0.text] })
        ingress = Self.ingress(of: site)
        coordinator = role("coordinator", "coordinator", shared + ["--name", "c1", "--port", "0"])
        workers = (1...plan.workers).map { number in
            role(
                "worker", "w\(number)",
                shared + [
                    "--name", "w\(number)", "--runners", "2", "--graph", site.url("sandbox", 1) + "/v26.0",
                    "--graph-instagram", site.url("sandbox", 1) + "/instagram-v26.0",
                    "--port", "\(site.port(1 + number))", "--host", site.host(of: "w\(number)"), "--patience-ms",
                    "\(plan.patienceMs)",
                    "--secrets", site.secrets,
                ])
        }
    }

    /// The ingress of a site, alone.
    static func ingress(of site: DrillSite) -> RoleProcess {
        role(
            site, "ingress", "ingress",
            shared(site) + ["--name", "i1", "--port", "\(site.port(0))", "--secrets", site.secrets]
                + ["--host", site.host(of: "ingress")] + site.ingressOptions)
    }

    private static func role(_ site: DrillSite, _ kind: String, _ name: String, _ options: [String]) -> RoleProcess {
        RoleProcess(
            name, (site.network?.entrance(to: name) ?? []) + [site.executable, kind] + options, folder: site.folder)
    }

    private static func shared(_ site: DrillSite) -> [String] {
        ["--redis", site.redis, "--namespace", site.namespace, "--durability", site.durability]
    }

    /// What the lanes lie on.
    var servers: (any DrillServers)? { redis ?? cluster }

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
        for process in workers + [ingress, coordinator, sandbox] { process.killNow() }
        servers?.abandon()
    }
}
