import Contracts
package import Redis
import SwiftProtobuf

/// Where the topology has everything, read by plain commands; the topology's own store is not asked.
///
/// What lies in another lane than its own is never decided with, or by two: a move that went wrong, a key that somebody
/// copied. Each such thing is named with its lane, whether its own lane has it too, and what to do. Lanes that a move has
/// frozen are passed over: copies belong to it.
package struct LaneWhereabouts: Sendable, Equatable {
    private struct Partition: Sendable, Equatable {
        let generation: UInt64
        let lanes: Int
    }

    private let namespace: String
    private var partitions: [String: Partition] = [:]
    private var accounts: [String: String] = [:]
    private var assignment: UInt64?

    /// Nil if there is no topology.
    package init?(namespace: String, connection: RedisConnection) throws(RedisError) {
        self.namespace = namespace
        for (name, text) in try Self.pairs("\(namespace):{ctl}:partitions", connection) {
            let parts = text.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 4, let generation = UInt64(parts[0]), let lanes = Int(parts[3]), lanes > 0 else {
                continue
            }
            partitions[name] = Partition(generation: generation, lanes: lanes)
        }
        guard !partitions.isEmpty else { return nil }
        for (id, text) in try Self.pairs("\(namespace):{ctl}:accounts", connection) {
            accounts[id] = text.split(separator: "|").last.map(String.init)
        }
        let slot = try connection.call(RedisCommand("HGET", "\(namespace):{ctl}:slot", "assignment"))
        assignment = slot.string.flatMap { UInt64($0) }
    }

    /// The lane of an entity; nil if the topology does not know its account.
    private func lane(of entity: EntityID) -> String? {
        switch entity.laneKey {
        case .desk(let team): return try? LaneName.desk(team: team).text
        case .account(let account, let part):
            guard let name = accounts[account], let partition = partitions[name],
                let partitionName = try? PartitionName(name)
            else { return nil }
            return partitionName.lane(account: account, contact: part, of: partition.lanes).text
        }
    }

    /// What of a lane's hash does not fit the topology and the assignment.
    func misfits(of lane: String, _ fields: [String: String], prefix: String) -> [String] {
        var faults: [String] = []
        let parts = lane.split(separator: ".").map(String.init)
        if let partition = parts.first.flatMap({ partitions[$0] }), let number = parts.last.flatMap({ Int($0) }),
            number < partition.lanes, let text = fields["generation"], text != "\(partition.generation)",
            (fields["move"] ?? "").isEmpty
        {
            faults.append(
                "expected generation \(partition.generation) as the topology has it, got \(text): appends are refused. "
                    + "`HSET \(prefix)lane generation \(partition.generation)` if `nightshift lanes` names no move")
        }
        if let assignment, let known = fields["assignment"].flatMap({ UInt64($0) }), known > assignment {
            faults.append(
                "expected an assignment up to \(assignment), got \(known): nobody can take the lane. "
                    + "`HSET \(prefix)lane assignment \(assignment)`")
        }
        return faults
    }

    /// What a lane holds that is another's.
    func strays(
        in lane: String, _ connection: RedisConnection
    ) throws(RedisError) -> [String] {
        let move = try connection.call(RedisCommand("HGET", "\(namespace):{\(lane)}:lane", "move")).string ?? ""
        guard UInt64(move) == nil else { return [] }
        var faults: [String] = []
        func look(_ what: String, _ part: String, _ name: String, of entity: String) throws(RedisError) {
            guard let id = try? EntityID(entity), let own = self.lane(of: id), own != lane else { return }
            let there = "\(namespace):{\(own)}:\(part)"
            let found = try connection.call(
                part == "timers" ? RedisCommand("ZSCORE", there, name) : RedisCommand("HEXISTS", there, name))
            let isThere = part == "timers" ? found.string != nil : found.int == 1
            faults.append(Self.words(what, part, name, namespace, here: lane, own: own, isThere: isThere))
        }
        for number in 0..<64 {
            for (name, _) in try Self.pairs("\(namespace):{\(lane)}:state:\(number)", connection) {
                try look("state", "state:\(number)", name, of: name)
            }
        }
        let timers = try connection.call(RedisCommand("ZRANGE", "\(namespace):{\(lane)}:timers", "0", "-1"))
        for name in (timers.array ?? []).compactMap(\.string) { try look("timer", "timers", name, of: name) }
        for (name, _) in try Self.pairs("\(namespace):{\(lane)}:open", connection) {
            try look("open item", "open", name, of: name)
        }
        let flat = try connection.call(RedisCommand("HGETALL", "\(namespace):{\(lane)}:actions")).array ?? []
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let name = flat[index].string, let value = flat[index + 1].bytes,
                let action = try? Action(serializedBytes: Array(value.dropFirst(13)))
            else { continue }
            try look("action", "actions", name, of: action.conversation)
        }
        return faults
    }

    private static func words(
        _ what: String, _ part: String, _ name: String, _ namespace: String, here: String, own: String, isThere: Bool
    ) -> String {
        let (from, to) = ("\(namespace):{\(here)}:\(part)", "\(namespace):{\(own)}:\(part)")
        let drop = part == "timers" ? "`ZREM \(from) \(name)`" : "`HDEL \(from) \(name)`"
        let outbox = part == "actions" ? ", `ZREM \(namespace):{\(here)}:outbox \(name)`" : ""
        let found = "expected the \(what) \(name) in \(own), as the topology has it, got it in \(here)"
        guard !isThere else { return "\(found) too: two lanes have it. That of \(own) counts: \(drop)\(outbox)" }
        let (get, put) = part == "timers" ? ("ZSCORE", "ZADD") : ("HGET", "HSET")
        return "\(found). With both lanes paused: what `\(get) \(from) \(name)` says into \(to) by \(put)"
            + "\(part == "actions" ? ", its place in the outbox as well" : ""), then \(drop)\(outbox), "
            + "and `HSET \(namespace):{\(own)}:lane token ''`, so that its owner reads it anew"
    }

    private static func pairs(
        _ key: String, _ connection: RedisConnection
    ) throws(RedisError) -> [(String, String)] {
        let flat = try connection.call(RedisCommand("HGETALL", key)).array ?? []
        return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
            flat[index].string.map { ($0, flat[index + 1].string ?? "") }
        }
    }
}
