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

    /// Every week that was kept, by partition. O(partitions).
    package func profiles() throws(LaneError) -> [(partition: String, text: String)] {
        try pairs(RedisCommand("HGETALL", keyspace.control("profiles"))).map { (partition: $0.0, text: $0.1) }
    }
}
