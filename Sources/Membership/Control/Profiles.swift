package import Lanes
internal import Redis

/// What partitions' weeks look like, as leaders keep it for their successors: texts that this module does not read.
extension ControlStore {
    /// Partitions of one write.
    package static let mostProfiles = 100

    /// Keeps the weeks of at most `mostProfiles` partitions.
    package func keep(
        _ profiles: [(partition: String, text: String)], by leader: MemberID, term: UInt64
    ) throws(LaneError) -> LeaderWrite {
        guard (1...Self.mostProfiles).contains(profiles.count) else {
            throw .invalidRequest("expected 1 to \(Self.mostProfiles) profiles, got \(profiles.count)")
        }
        let reply = try call("profiles", ["leader", "profiles"]) { command in
            command.add(leader.text)
            command.add(term)
            for (partition, text) in profiles {
                command.add(partition)
                command.add(text)
            }
        }
        return try LeaderWrite(reply: reply, of: "profiles")
    }

    /// Every week that was kept and can be read, by partition. Redis: O(partitions), in pieces, so that the texts of six
    /// thousand never lie here all at once.
    package func profiles<Week>(_ read: (String) -> Week?) throws(LaneError) -> [String: Week] {
        var found: [String: Week] = [:]
        var cursor = "0"
        repeat {
            let command = RedisCommand("HSCAN", keyspace.control("profiles"), cursor, "COUNT", "200")
            guard let parts = try plain([command]).first?.array, parts.count == 2, let next = parts[0].string,
                let flat = parts[1].array
            else { throw .unexpectedReply(call: "profiles", came: "another shape") }
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                guard let name = flat[index].string, let text = flat[index + 1].string else { continue }
                found[name] = read(text) ?? found[name]
            }
            cursor = next
        } while cursor != "0"
        return found
    }
}
