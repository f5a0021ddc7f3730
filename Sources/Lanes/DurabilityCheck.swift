package import Redis

/// Whether a server keeps what the named durability promises, judged from what it says about itself.
///
/// Refused: Redis under 7.0, another eviction policy than `noeviction`, AOF off or weaker than the name, fewer
/// `min-replicas-to-write` than replicas waited for, a server that is no primary. Warned of: no `maxmemory`, settings
/// that cannot be read and stand on the operator's word alone.
package struct DurabilityCheck: Sendable, Equatable {
    /// Why nothing must start on this server; each as *expected, got*.
    package let refusals: [String]
    /// What operators should see.
    package let warnings: [String]

    package var isRefused: Bool { !refusals.isEmpty }

    fileprivate init(refusals: [String], warnings: [String]) {
        self.refusals = refusals
        self.warnings = warnings
    }

    /// - Parameter isCluster: whether it is spoken to as a node of a cluster.
    package init(_ facts: ServerFacts, durability: Durability, isCluster: Bool = false) {
        var refusals: [String] = []
        if facts.isClustered, !isCluster {
            refusals.append("expected redis+cluster:// for a node of a Redis Cluster, got the URL of one server")
        }
        var warnings: [String] = []
        if facts.version < ServerFacts.Version(major: 7, minor: 0, patch: 0) {
            refusals.append("expected Redis 7.0 or later, got \(facts.version)")
        }
        if facts.role != "master" { refusals.append("expected a primary, got role \(facts.role)") }
        if facts.maxMemoryPolicy != "noeviction" {
            refusals.append("expected maxmemory-policy noeviction, got \(facts.maxMemoryPolicy)")
        }
        if facts.maxMemory == 0 { warnings.append("maxmemory is 0: a full machine stops Redis, not its appends") }
        let accepted = Self.accepted(durability)
        if !accepted.isEmpty {
            if !facts.appendOnly { refusals.append("expected appendonly yes for \(durability), got no") }
            switch facts.appendFsync {
            case .read(let value) where !accepted.contains(value):
                refusals.append(
                    "expected appendfsync \(accepted.joined(separator: " or ")) for \(durability), got \(value)")
            case .read: break
            case .declared: warnings.append("appendfsync cannot be read: \(durability) is declared, not checked")
            }
        }
        if durability.replicas > 0 {
            switch facts.minReplicasToWrite {
            case .read(let count) where count < durability.replicas:
                refusals.append("expected min-replicas-to-write \(durability.replicas) or more, got \(count)")
            case .read: break
            case .declared:
                warnings.append("min-replicas-to-write cannot be read: \(durability) is declared, not checked")
            }
        }
        self.refusals = refusals
        self.warnings = warnings
    }

    /// The settings of `appendfsync` that are no weaker than the name; none: AOF does not matter.
    private static func accepted(_ durability: Durability) -> [String] {
        switch durability {
        case .memory: []
        case .everysec, .replicated: ["everysec", "always"]
        case .always: ["always"]
        }
    }
}

extension LaneStore {
    /// Asks this server, or every primary of the cluster that can be reached, what it is and judges it. Those that cannot be
    /// are warned of by name: they are judged when they are first seen (`PrimaryWatch`).
    ///
    /// - Throws: if no server answers.
    package func checkDurability() throws(LaneError) -> DurabilityCheck {
        guard connection.isCluster else { return try judge(connection) }
        var refusals: [String] = []
        var warnings: [String] = []
        var failure: LaneError?
        var isJudged = false
        for server in connection.reachableServers() {
            do throws(LaneError) {
                let check = try judge(server)
                isJudged = true
                refusals += check.refusals.map { "\(server.endpoint): \($0)" }
                warnings += check.warnings.map { "\(server.endpoint): \($0)" }
            } catch {
                failure = error
            }
        }
        let away = connection.awayServers
        guard isJudged else {
            throw failure
                ?? .redis(
                    RedisError(
                        .connect, operation: "INFO", endpoint: "\(connection.endpoint)",
                        message: "expected a primary that can be reached, \(away.count) cannot"))
        }
        warnings += away.map { "\($0): cannot be reached; its lanes wait, and it is judged when it is first seen" }
        return DurabilityCheck(refusals: refusals, warnings: warnings)
    }

    private func judge(_ server: RedisConnection) throws(LaneError) -> DurabilityCheck {
        do {
            return DurabilityCheck(
                try ServerFacts(reading: server), durability: durability, isCluster: connection.isCluster)
        } catch {
            throw .redis(error)
        }
    }
}
