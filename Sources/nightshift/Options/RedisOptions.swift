import ArgumentParser
import Contracts
import Lanes
import Redis

/// Where the lanes are: shared by every command that talks to Redis.
struct RedisOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Redis: redis://, rediss://, redis+cluster://, redis+sentinel:// or the path of a unix socket.",
            discussion: """
                Cluster: redis+cluster://host:port,host:port names some of its nodes. Sentinel: \
                redis+sentinel://host:port,host:port/service, with ?sentinel_password=… (and sentinel_user=…) where Sentinels \
                have a password of their own. \
                TLS: rediss://user:password@host:6380?ca=ca.pem&cert=me.pem&key=me.key. A password does not belong on a \
                command line that others can read: give the URL in the environment variable NIGHTSHIFT_REDIS instead.
                """, valueName: "url"))
    var redis: String?

    @Option(help: "Prefix of all keys.")
    var namespace = "ns"

    /// The endpoint of `--redis`, else of NIGHTSHIFT_REDIS, else redis://127.0.0.1:6379.
    func endpoint(environment: [String: String]) throws -> RedisEndpoint {
        try RedisEndpoint(parsing: redis ?? environment["NIGHTSHIFT_REDIS"] ?? "redis://127.0.0.1:6379")
    }

    func keyspace() throws -> Keyspace {
        try Keyspace(namespace: namespace)
    }
}

/// How safe an accepted event is.
struct DurabilityOptions: ParsableArguments {
    @Option(
        help: "memory, everysec, always or replicated(n): what Redis must have done before a write counts as held.")
    var durability = "everysec"

    var level: Durability {
        get throws {
            guard let level = Durability(durability) else {
                throw Failure(
                    expected: "memory, everysec, always or replicated(n)", came: "\"\(durability)\"",
                    at: "--durability")
            }
            return level
        }
    }
}
