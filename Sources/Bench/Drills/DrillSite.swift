package import Instants
package import Redis

/// What the command line gives to a drill: paths, ports, accounts, and how the configuration is published.
package struct DrillSite: Sendable {
    /// An account that customers write to.
    package struct Account: Sendable {
        package let id: String
        package let isInstagram: Bool
        package let secret: [UInt8]

        package init(id: String, isInstagram: Bool, secret: [UInt8]) {
            self.id = id
            self.isInstagram = isInstagram
            self.secret = secret
        }
    }

    /// The program whose roles are run.
    package var executable: String
    package var config: String
    package var zoneinfo: String
    /// Of everything the drill writes; short enough for a socket's path.
    package var folder: String
    package var secrets: String
    /// The level that the roles are told; `always` is also `appendfsync` of a single Redis.
    package var durability: String
    package var namespace = "drill"
    /// Three servers that begin as primaries, then their replicas; nil: one private Redis on a unix socket.
    package var cluster: [NodeAddress]?
    /// Nil: every process listens on loopback.
    package var network: DrillNetwork?
    /// Further options of the ingress, such as its spool.
    package var ingressOptions: [String] = []
    /// The lane clock's distance from the system's clock.
    package var offset: Duration
    /// The system's clock.
    package var wallClock: @Sendable () -> Instant
    /// Free ports on loopback: ingress, sandbox, then one a worker.
    package var ports: [Int]
    /// Publishes the configuration and gives the accounts and lanes, sorted.
    package var publish: @Sendable (RedisEndpoint) throws -> (accounts: [Account], lanes: [String])
    /// Asks every account's entity to sweep now; throws while Redis is away.
    package var sweep: @Sendable (RedisEndpoint) throws -> Void = { _ in }
    /// How many accounts no whole sweep has covered up to that instant of the lane clock; throws while Redis is away.
    package var unswept: @Sendable (RedisEndpoint, Instant) throws -> Int = { _, _ in 0 }
    /// Progress, for people.
    package var note: @Sendable (String) -> Void

    package init(
        executable: String, config: String, zoneinfo: String, folder: String, secrets: String, durability: String,
        offset: Duration, wallClock: @escaping @Sendable () -> Instant, ports: [Int],
        publish: @escaping @Sendable (RedisEndpoint) throws -> (accounts: [Account], lanes: [String]),
        note: @escaping @Sendable (String) -> Void
    ) {
        self.executable = executable
        self.config = config
        self.zoneinfo = zoneinfo
        self.folder = folder
        self.secrets = secrets
        self.durability = durability
        self.offset = offset
        self.wallClock = wallClock
        self.ports = ports
        self.publish = publish
        self.note = note
    }

    /// The lane clock.
    var laneClock: Instant { wallClock() + offset }
    var endpoint: RedisEndpoint { cluster.map { RedisEndpoint(.cluster($0)) } ?? .unix("\(folder)/redis.sock") }
    /// The same as roles are told.
    var redis: String { cluster == nil ? "\(folder)/redis.sock" : "\(endpoint)" }
    var ledger: String { "\(folder)/ledger.jsonl" }
    var input: String { "\(folder)/accepted.txt" }
    var webhook: String { url("ingress", 0) + "/webhooks/meta" }

    /// Where a process listens.
    func host(of name: String) -> String { network?.host(of: name) ?? "127.0.0.1" }

    /// The root of what it serves at one of the ports.
    func url(_ name: String, _ index: Int) -> String { "http://\(host(of: name)):\(port(index))" }

    func port(_ index: Int) -> Int { index < ports.count ? ports[index] : 0 }
}
