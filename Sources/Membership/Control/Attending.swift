internal import Contracts
internal import Instants
package import Lanes
internal import Redis

/// Processes that own no lanes and yet write what others have to know of.
extension ControlStore {
    /// How long a record holds; renewed once a second. Longer than a lease: nobody waits for the end of such a process.
    package static let attendance = Duration.seconds(10)
    /// Living coordinators and ingresses beyond which nobody is listed.
    package static let mostReleases = 1_024

    /// Says that a process lives and what it knows of; false if the list is full. Redis: O(1), O(processes) the first time.
    ///
    /// - Parameter role: `[a-z]{1,16}`.
    @discardableResult
    package func attend(
        _ id: MemberID, role: String, version: String, featureLevel: UInt64 = FeatureLevel.offered
    ) throws(LaneError) -> Bool {
        try attend(id, role, version, featureLevel, lasting: Self.attendance)
    }

    /// A process goes by itself.
    package func leaveAttendance(_ id: MemberID) throws(LaneError) {
        _ = try attend(id, "", "", 0, lasting: .zero)
    }

    /// What every process said of its release, workers' too, whether or not it still holds; what cannot be read is left out.
    package func releases() throws(LaneError) -> [Release] {
        try members().map { Release($0) } + attending()
    }

    /// The same of those that are no workers, in the order of ids.
    package func attending() throws(LaneError) -> [Release] {
        try pairs(RedisCommand("HGETALL", keyspace.control("releases"))).compactMap { name, value in
            (try? MemberID(name)).flatMap { Release(id: $0, stored: value) }
        }.sorted { $0.id < $1.id }
    }

    private func attend(
        _ id: MemberID, _ role: String, _ version: String, _ featureLevel: UInt64, lasting: Duration
    ) throws(LaneError) -> Bool {
        let reply = try call("attend", ["releases"]) { command in
            command.add(id.text)
            command.add(lasting.wholeMilliseconds)
            command.add(Self.mostReleases)
            command.add(featureLevel)
            command.add(role)
            command.add(String(version.prefix(64)))
        }
        return reply.first?.string == "ok"
    }
}
