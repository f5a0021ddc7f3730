/// What a server says about itself: plain facts, judged elsewhere.
package struct ServerFacts: Sendable, Equatable {
    package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
        package let major: Int
        package let minor: Int
        package let patch: Int

        package init(major: Int, minor: Int, patch: Int) {
            self.major = major
            self.minor = minor
            self.patch = patch
        }

        package static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
        }

        package var description: String { "\(major).\(minor).\(patch)" }
    }

    /// A setting as far as it can be seen from here.
    package enum Setting<Value: Sendable & Equatable>: Sendable, Equatable {
        case read(Value)
        /// The server does not let us read it; only the operator's word stands for it.
        case declared

        package var value: Value? {
            if case .read(let value) = self { value } else { nil }
        }
    }

    package let version: Version
    /// Of this process of the server; another one means that it was restarted.
    package let runID: String
    /// Of the data's history; another one means a failover, a restart without it, or a lost tail.
    package let replicationID: String
    /// `master` or `slave`, in Redis's words.
    package let role: String
    /// It is a node of a Redis Cluster.
    package let isClustered: Bool
    package let connectedReplicas: Int
    package let usedMemory: Int64
    /// In bytes; 0 is no limit.
    package let maxMemory: Int64
    package let maxMemoryPolicy: String
    package let appendOnly: Bool
    /// `always`, `everysec` or `no`.
    package let appendFsync: Setting<String>
    package let minReplicasToWrite: Setting<Int>
}

extension ServerFacts {
    /// Reads INFO and what CONFIG shows, in one round trip.
    ///
    /// - Throws: a connection's error; `.server` if INFO is refused; `.unexpectedReply` if a field is missing.
    package init(reading connection: RedisConnection) throws(RedisError) {
        let replies = try connection.pipeline([
            RedisCommand("INFO"), RedisCommand("CONFIG", "GET", "appendfsync"),
            RedisCommand("CONFIG", "GET", "min-replicas-to-write"),
        ])
        guard let first = replies.first, let text = first.string else {
            throw connection.unexpected(replies.first ?? .nil, expected: "INFO's text", operation: "INFO")
        }
        let fields = InfoFields(text: text)
        func field(_ name: String) throws(RedisError) -> String {
            guard let value = fields[name] else {
                throw connection.unexpected(first, expected: "INFO with \(name)", operation: "INFO")
            }
            return value
        }
        func number(_ name: String) throws(RedisError) -> Int64 {
            guard let value = Int64(try field(name)) else {
                throw connection.unexpected(first, expected: "INFO with a number as \(name)", operation: "INFO")
            }
            return value
        }
        guard let version = Version(text: try field("redis_version")) else {
            throw connection.unexpected(first, expected: "INFO with a version", operation: "INFO")
        }
        self.version = version
        runID = try field("run_id")
        replicationID = try field("master_replid")
        role = try field("role")
        isClustered = fields["cluster_enabled"] == "1"
        connectedReplicas = Int(try number("connected_slaves"))
        usedMemory = try number("used_memory")
        maxMemory = try number("maxmemory")
        maxMemoryPolicy = try field("maxmemory_policy")
        appendOnly = try field("aof_enabled") == "1"
        appendFsync = Self.setting(replies.dropFirst().first).map { $0 }
        minReplicasToWrite = Self.setting(replies.dropFirst(2).first).map { Int($0) }
    }

    /// The value in `[name, value]`; a refusal or an empty answer is `.declared`.
    private static func setting(_ reply: RedisReply?) -> Setting<String> {
        guard let value = reply?.array?.dropFirst().first?.string else { return .declared }
        return .read(value)
    }
}

extension ServerFacts.Setting {
    fileprivate func map<Other>(_ transform: (Value) -> Other?) -> ServerFacts.Setting<Other> {
        guard let value, let other = transform(value) else { return .declared }
        return .read(other)
    }
}

extension ServerFacts.Version {
    /// Reads `7.0.15`, also with something behind it as in `8.0-rc1`.
    init?(text: String) {
        let parts = text.split { !$0.isNumber }.prefix(3).map { Int($0) }
        guard let major = parts.first ?? nil else { return nil }
        self.init(
            major: major, minor: (parts.dropFirst().first ?? nil) ?? 0, patch: (parts.dropFirst(2).first ?? nil) ?? 0)
    }
}

/// The `name:value` lines of INFO.
package struct InfoFields: Sendable {
    private let values: [String: String]

    package init(text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        self.values = values
    }

    package subscript(name: String) -> String? { values[name] }
}
