import Foundation
package import Redis

/// A Redis Cluster of one test's own on loopback: each server a `PrivateRedis`.
package final class PrivateCluster: Sendable {
    package let primaries: [PrivateRedis]
    /// The replica of the primary at the same place; empty without replicas.
    package let replicas: [PrivateRedis]
    /// A server of the cluster that serves no slot, if one was asked for.
    package let newcomer: PrivateRedis?
    private let identifiers: [String]

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// A bound for "never": failovers and gossip take a few seconds on a loaded machine.
    package static let patience = Duration.seconds(60)

    /// Starts the servers and returns once all of them know all slots, and replicas follow their primaries.
    package init(withReplicas: Bool = false, withNewcomer: Bool = false, configuration: [String] = []) throws {
        let lines =
            [
                // Where nobody is to stand in for another, a server that is starved by a busy machine must not count as dead.
                "cluster-enabled yes", "cluster-config-file nodes.conf",
                "cluster-node-timeout \(withReplicas ? 5_000 : 15_000)",
                "cluster-require-full-coverage no", "cluster-allow-replica-migration no",
                "cluster-replica-validity-factor 0", "repl-diskless-sync-delay 0",
            ] + configuration
        func start() throws -> PrivateRedis {
            try PrivateRedis.retryingPorts {
                try PrivateRedis(lines + ["cluster-port \(try freeLoopbackPort())"], withTCP: true)
            }
        }
        primaries = try (0..<3).map { _ in try start() }
        replicas = withReplicas ? try (0..<3).map { _ in try start() } : []
        newcomer = withNewcomer ? try start() : nil
        identifiers = try primaries.map { try $0.ask("CLUSTER", "MYID").string ?? "" }
        try join()
    }

    deinit { close() }

    package func close() {
        for server in servers { server.close() }
    }

    private var servers: [PrivateRedis] { primaries + replicas + (newcomer.map { [$0] } ?? []) }

    /// All servers as seeds.
    package var endpoint: RedisEndpoint {
        RedisEndpoint(
            .cluster((primaries + replicas).map(\.node)), timeouts: .init(connect: .seconds(5), reply: .seconds(20)))
    }

    package func connect() throws(RedisError) -> RedisConnection { try RedisConnection(endpoint, clientName: "tests") }

    /// The place of the primary that was given this key's slot at the start.
    package func place(ofKey key: String) -> Int { KeySlot(of: Array(key.utf8)).number * 3 / KeySlot.count }

    /// A name that, as a hash tag or key, lies in a slot of the primary at this place.
    package func name(at place: Int, _ stem: String = "k") -> String {
        (0..<1_000).map { "\(stem)\($0)" }.first { self.place(ofKey: $0) == place } ?? stem
    }

    private func join() throws {
        for (place, primary) in primaries.enumerated() {
            let first = (place * KeySlot.count + 2) / 3
            let last = ((place + 1) * KeySlot.count + 2) / 3 - 1
            _ = try primary.ask("CLUSTER", "SET-CONFIG-EPOCH", "\(place + 1)")
            _ = try primary.ask("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
        }
        let all = servers
        for other in all.dropFirst() {
            guard let busPort = try other.ask("CONFIG", "GET", "cluster-port").array?.last?.string else { continue }
            _ = try primaries[0].ask("CLUSTER", "MEET", "127.0.0.1", "\(other.port ?? 0)", busPort)
        }
        try Self.wait("all servers know each other") {
            try all.allSatisfy { try $0.info("CLUSTER", "cluster_known_nodes:\(all.count)") }
        }
        for (place, replica) in replicas.enumerated() {
            try Self.wait("a replica is taken") {
                (try? replica.ask("CLUSTER", "REPLICATE", identifiers[place])) != nil
            }
        }
        try Self.wait("all servers serve") {
            try all.allSatisfy { try $0.info("CLUSTER", "cluster_state:ok") }
                && replicas.allSatisfy { try $0.ask("INFO").contains("master_link_status:up") }
        }
        // A server that heard last of a primary still sends nobody there.
        try Self.wait("all servers agree") {
            try all.allSatisfy { try $0.ask("CLUSTER", "SLOTS").array?.count == 3 }
        }
    }

    /// Polls until it holds.
    package static func wait(_ what: String, until holds: () throws -> Bool) throws {
        let end = ContinuousClock.now.advanced(by: patience)
        while try !holds() {
            guard ContinuousClock.now < end else { throw Fault(description: "expected within \(patience): \(what)") }
            _ = poll(nil, 0, 10)
        }
    }
}

/// Failing over.
extension PrivateCluster {
    /// `wait` for a test that shares its thread with others.
    package static func pollUntil(
        _ what: String, isolation: isolated (any Actor)? = #isolation, until holds: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now.advanced(by: patience)
        while try await !holds() {
            guard ContinuousClock.now < end else { throw Fault(description: "expected within \(patience): \(what)") }
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    _ = poll(nil, 0, 10)
                    continuation.resume()
                }
            }
        }
    }

    /// From here on a replica gets nothing of its primary, and still may stand in for it.
    package func cutOff(replicaAt place: Int) throws {
        _ = try primaries[place].ask("ACL", "SETUSER", "default", "-psync", "-sync")
        _ = try primaries[place].ask("CLIENT", "KILL", "TYPE", "replica")
        try Self.wait("a replica is cut off") { try replicas[place].ask("INFO").contains("master_link_status:down") }
    }

    /// Whether the slots that were given to the primary at a place are this server's, as another primary has it.
    package func isServed(at place: Int, by server: PrivateRedis) throws -> Bool {
        let first = (place * KeySlot.count + 2) / 3
        let witness = primaries[(place + 1) % primaries.count]
        return try witness.ask("CLUSTER", "SLOTS").array?.contains { range in
            range.array?.first?.int == Int64(first)
                && range.array?.dropFirst(2).first?.array?.dropFirst().first?.int == server.port.map(Int64.init)
        } ?? false
    }
}

/// Moving a slot, step by step.
extension PrivateCluster {
    /// From here on the slot of a key is half here, half there: keys that are not on the old primary are asked of the new.
    package func beginMoving(slotOf key: String, from: Int, to: Int) throws {
        let slot = "\(KeySlot(of: Array(key.utf8)))"
        _ = try primaries[to].ask("CLUSTER", "SETSLOT", slot, "IMPORTING", identifiers[from])
        _ = try primaries[from].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", identifiers[to])
    }

    /// Moves up to `most` keys of the slot.
    package func moveKeys(slotOf key: String, from: Int, to: Int, most: Int) throws {
        let slot = "\(KeySlot(of: Array(key.utf8)))"
        let keys = try primaries[from].ask("CLUSTER", "GETKEYSINSLOT", slot, "\(most)").array ?? []
        for key in keys {
            guard let name = key.string else { continue }
            _ = try primaries[from].ask("MIGRATE", "127.0.0.1", "\(primaries[to].port ?? 0)", name, "0", "10000")
        }
    }

    /// The slot is the new primary's.
    package func endMoving(slotOf key: String, from: Int, to: Int) throws {
        let slot = "\(KeySlot(of: Array(key.utf8)))"
        _ = try primaries[to].ask("CLUSTER", "SETSLOT", slot, "NODE", identifiers[to])
        _ = try primaries[from].ask("CLUSTER", "SETSLOT", slot, "NODE", identifiers[to])
    }

    package func move(slotOf key: String, from: Int, to: Int) throws {
        try beginMoving(slotOf: key, from: from, to: to)
        try moveKeys(slotOf: key, from: from, to: to, most: 1_000_000)
        try endMoving(slotOf: key, from: from, to: to)
    }
}

extension PrivateRedis {
    package var node: NodeAddress { NodeAddress(host: "127.0.0.1", port: port ?? 0) }

    /// One command on a connection of its own.
    package func ask(_ words: String...) throws -> RedisReply {
        var command = RedisCommand(words.first ?? "PING")
        for word in words.dropFirst() { command.add(word) }
        return try connect().call(command)
    }

    fileprivate func info(_ section: String, _ line: String) throws -> Bool {
        try ask(section, "INFO").contains(line)
    }
}

extension RedisReply {
    /// Whether its text has this line.
    package func contains(_ line: String) -> Bool {
        string?.split(whereSeparator: \.isNewline).contains { $0 == line } ?? false
    }
}
