/// Where Redis listens and how to enter it: one server, whichever is the primary of a Sentinel's service, or a cluster.
package struct RedisEndpoint: Sendable, Hashable {
    package enum Address: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
        /// Servers of a Redis Cluster, of which one that answers is enough.
        case cluster([NodeAddress])
        /// Sentinels, of which one that answers is enough, and their name for the primary.
        case sentinel([NodeAddress], service: String)
    }

    /// How long this client waits. Every wait has an end.
    package struct Timeouts: Sendable, Hashable {
        /// For the connection, its TLS handshake and its authentication together; a name with several addresses may
        /// take it once for each address that does not answer.
        package var connect: Duration
        /// For one round trip, unless the call names another.
        package var reply: Duration

        package init(connect: Duration = .seconds(3), reply: Duration = .seconds(5)) {
            self.connect = connect
            self.reply = reply
        }
    }

    /// How Sentinels are entered, where that takes a password of theirs.
    package struct SentinelEntrance: Sendable, Hashable {
        /// The ACL user; nil is `default`.
        package var user: String?
        package var password: RedisPassword

        package init(user: String? = nil, password: RedisPassword) {
            self.user = user
            self.password = password
        }
    }

    package var address: Address
    /// The ACL user; nil is `default`.
    package var user: String?
    package var password: RedisPassword?
    package var database: Int
    /// Nil: plain bytes.
    package var tls: RedisTLS?
    package var timeouts: Timeouts
    /// Nil: Sentinels are entered without.
    package var sentinelEntrance: SentinelEntrance?

    package init(
        _ address: Address, user: String? = nil, password: RedisPassword? = nil, database: Int = 0,
        tls: RedisTLS? = nil, timeouts: Timeouts = Timeouts(), sentinelEntrance: SentinelEntrance? = nil
    ) {
        self.sentinelEntrance = sentinelEntrance
        self.address = address
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls
        self.timeouts = timeouts
    }

    /// Whether it stands for a Redis Cluster.
    package var isCluster: Bool {
        if case .cluster = address { true } else { false }
    }

    /// The endpoint of a server that listens on a unix socket.
    package static func unix(_ path: String) -> RedisEndpoint { RedisEndpoint(.unix(path: path)) }
}

extension RedisEndpoint: CustomStringConvertible, CustomDebugStringConvertible {
    /// The endpoint as its URL, without password.
    package var description: String {
        let entrance = user.map { "\($0)@" } ?? ""
        let place = database == 0 ? "" : "/\(database)"
        let scheme = tls == nil ? "redis" : "rediss"
        func list(_ nodes: [NodeAddress]) -> String { nodes.map(\.description).joined(separator: ",") }
        switch address {
        case .tcp(let host, let port):
            return "\(scheme)://\(entrance)\(NodeAddress(host: host, port: port))\(place)"
        case .cluster(let nodes):
            return "\(scheme)+cluster://\(entrance)\(list(nodes))"
        case .sentinel(let nodes, let service):
            return "\(scheme)+sentinel://\(entrance)\(list(nodes))/\(service)\(place)"
        case .unix(let path):
            return "unix://\(entrance)\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }

    package var debugDescription: String { description }
}

/// A password, which no description, dump or log shows.
package struct RedisPassword: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { "(hidden)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// How the server proves who it is, and how this client does. TLS 1.2 or later; the certificate is always checked.
package struct RedisTLS: Sendable, Hashable {
    /// A PEM file of trusted roots; nil: the system's.
    package var authorityFile: String?
    /// A PEM file with this client's certificate chain; needs `keyFile`.
    package var certificateFile: String?
    /// The PEM file of the certificate's private key.
    package var keyFile: String?
    /// The name or address that the server's certificate must stand for; nil: the endpoint's host.
    package var serverName: String?

    package init(
        authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, serverName: String? = nil
    ) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.serverName = serverName
    }
}
