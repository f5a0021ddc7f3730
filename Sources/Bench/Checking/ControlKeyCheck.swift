import Contracts
package import Redis

// What the keys that all members share must be, checked one by one by plain commands.
//
// A lane's keys hold up their lane, these hold up the house: a topology that cannot be read lets nobody start, a number that is
// none lets nobody place lanes. Each finding names key and field, what was expected, what came, and a command that mends it.
// What a leader or a member writes anew by itself within seconds (leases, records of members, signals) is judged by its type alone.
// How it fails: a value that is wrong and possible, another partition of an account for instance, nobody can tell.

/// Types and fields of the control keys that are not what they must be. O(partitions + accounts + lanes out of use).
package struct ControlKeyCheck: Sendable {
    /// Each as *expected, got*, with what mends it; empty if all holds.
    package private(set) var faults: [String] = []

    private static let types: [(name: String, type: String)] =
        [
            "slot", "leader", "members", "releases", "assignment", "profiles", "namespace", "partitions", "accounts",
            "desks", "retired", "moves", "automation", "signals", "policies", "limits", "late-orders", "pins",
        ].map { ($0, "hash") } + [("moved", "zset"), ("quarantine", "stream")]
    private static let mostLanes = 1_024

    package init(namespace: String, connection: RedisConnection) throws(RedisError) {
        let reader = Reader(namespace: namespace, connection: connection)
        var misfits: Set<String> = []
        for wish in Self.types {
            let type = try reader.call("TYPE", reader.key(wish.name)).string ?? "none"
            guard type != "none", type != wish.type else { continue }
            misfits.insert(wish.name)
            faults.append(
                "expected \(reader.key(wish.name)) to be a \(wish.type), got a \(type). Its content is lost: "
                    + "`DEL \(reader.key(wish.name))`\(Self.afterwards(wish.name))")
        }
        if !misfits.contains("slot") { try checkNumbers(reader, hasPolicies: !misfits.contains("policies")) }
        if !misfits.contains("partitions") { try checkPartitions(reader) }
        if !misfits.contains("accounts") { try checkAccounts(reader) }
        if !misfits.contains("desks") { try checkDesks(reader) }
        if !misfits.contains("retired") { try checkRetired(reader) }
    }

    private static func afterwards(_ name: String) -> String {
        switch name {
        case "partitions", "accounts", "desks", "namespace", "slot", "policies":
            ", then `nightshift publish` makes it anew, and this names what of it differs from the lanes"
        case "pins": ", then `nightshift lanes move` pins lanes anew; until then their load places them"
        default: ""
        }
    }

    /// Numbers of what is published, each the instant in ms at which it was, or one more than the last.
    private mutating func checkNumbers(_ reader: Reader, hasPolicies: Bool) throws(RedisError) {
        let fields = try reader.pairs("slot")
        let time = try reader.call("TIME").array ?? []
        let clock = (time.first?.int ?? 0) * 1_000
        for name in ["assignment", "topology", "signals", "policy", "features", "move"] {
            guard let text = fields[name], !text.isEmpty else { continue }
            let isInstant = !["policy", "features"].contains(name)
            guard let number = Int64(text), number >= 0, !isInstant || number <= clock + 86_400_000 else {
                let remedy: String
                switch name {
                case "topology": remedy = "HSET \(reader.key("slot")) topology \(clock)"
                case "policy": remedy = try newestPolicy(reader, hasPolicies)
                default: remedy = "HDEL \(reader.key("slot")) \(name)"
                }
                wrong(reader, "slot", name, isInstant ? "an instant of before in ms" : "a whole number", text, remedy)
                continue
            }
        }
    }

    private func newestPolicy(_ reader: Reader, _ hasPolicies: Bool) throws(RedisError) -> String {
        let numbers = hasPolicies ? try reader.call("HKEYS", reader.key("policies")).array ?? [] : []
        guard let newest = numbers.compactMap({ $0.string.flatMap { UInt64($0) } }).max() else {
            return "HDEL \(reader.key("slot")) policy"
        }
        return "HSET \(reader.key("slot")) policy \(newest)"
    }

    private mutating func checkPartitions(_ reader: Reader) throws(RedisError) {
        for (name, value) in try reader.pairs("partitions").sorted(by: { $0.key < $1.key }) {
            let parts = value.split(separator: "|", omittingEmptySubsequences: false)
            let isRight =
                parts.count == 4 && UInt64(parts[0]) != nil
                && Int(parts[3]).map { (1...Self.mostLanes).contains($0) } ?? false && (try? PartitionName(name)) != nil
            if isRight { continue }
            let generation = try reader.generation(of: "\(name).0")
            wrong(
                reader, "partitions", name, "generation|market|zone|lanes", value,
                "HSET \(reader.key("partitions")) \(name) '\(generation)|MARKET|ZONE|LANES'")
        }
    }

    private mutating func checkAccounts(_ reader: Reader) throws(RedisError) {
        for (id, value) in try reader.pairs("accounts").sorted(by: { $0.key < $1.key }) {
            let parts = value.split(separator: "|", omittingEmptySubsequences: false)
            if parts.count == 2, UInt64(parts[0]) != nil, (try? PartitionName(String(parts[1]))) != nil { continue }
            wrong(
                reader, "accounts", id, "generation|partition, the generation 1 or as many more as it was moved", value,
                "HSET \(reader.key("accounts")) \(id) '1|PARTITION'")
        }
    }

    private mutating func checkDesks(_ reader: Reader) throws(RedisError) {
        for (team, value) in try reader.pairs("desks").sorted(by: { $0.key < $1.key }) where UInt64(value) == nil {
            let generation = try reader.generation(of: "desk-\(team).0")
            wrong(
                reader, "desks", team, "a generation", value, "HSET \(reader.key("desks")) \(team) \(generation)")
        }
    }

    private mutating func checkRetired(_ reader: Reader) throws(RedisError) {
        for (lane, value) in try reader.pairs("retired").sorted(by: { $0.key < $1.key }) {
            if (try? LaneName(lane)) == nil {
                wrong(reader, "retired", lane, "a lane", lane, "HDEL \(reader.key("retired")) '\(lane)'")
            } else if Int64(value) == nil {
                wrong(reader, "retired", lane, "an instant in ms", value, "HSET \(reader.key("retired")) \(lane) 1")
            }
        }
    }

    private mutating func wrong(
        _ reader: Reader, _ key: String, _ field: String, _ expected: String, _ came: String, _ remedy: String
    ) {
        faults.append(
            "expected \(field.prefix(60)) of \(reader.key(key)) to be \(expected), got \(came.prefix(60)). `\(remedy)`")
    }

    private struct Reader {
        let namespace: String
        let connection: RedisConnection

        func key(_ name: String) -> String { "\(namespace):{ctl}:\(name)" }

        func call(_ name: String, _ words: String...) throws(RedisError) -> RedisReply {
            var command = RedisCommand(name)
            for word in words { command.add(word) }
            return try connection.call(command)
        }

        func pairs(_ name: String) throws(RedisError) -> [String: String] {
            let flat = try call("HGETALL", key(name)).array ?? []
            var pairs: [String: String] = [:]
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                if let field = flat[index].string { pairs[field] = flat[index + 1].string ?? "\u{FFFD}" }
            }
            return pairs
        }

        /// As the lane itself has it; 1 for one that has none.
        func generation(of lane: String) throws(RedisError) -> UInt64 {
            let kept = try? call("HGET", "\(namespace):{\(lane)}:lane", "generation").string
            return kept.flatMap { UInt64($0) } ?? 1
        }
    }
}
