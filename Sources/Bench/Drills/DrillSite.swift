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
    /// `appendfsync` of Redis and the level that the roles are told.
    package var durability: String
    package var namespace = "drill"
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
    var endpoint: RedisEndpoint { .unix("\(folder)/redis.sock") }
    var ledger: String { "\(folder)/ledger.jsonl" }
    var input: String { "\(folder)/accepted.txt" }
    var webhook: String { "http://127.0.0.1:\(port(0))/webhooks/meta" }

    func port(_ index: Int) -> Int { index < ports.count ? ports[index] : 0 }
}
