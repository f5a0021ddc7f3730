internal import Instants
package import Lanes
package import Redis

/// What a member says with each heartbeat.
package struct Heartbeat: Sendable, Hashable {
    package var id: MemberID
    package var version: String
    package var featureLevel: UInt64
    package var load: MemberLoad
    package var held: Int
    package var isLeaving: Bool

    package init(
        id: MemberID, version: String = "", featureLevel: UInt64 = 1, load: MemberLoad, held: Int,
        isLeaving: Bool = false
    ) {
        self.id = id
        self.version = version
        self.featureLevel = featureLevel
        self.load = load
        self.held = held
        self.isLeaving = isLeaving
    }
}

/// The control slot of one Redis over one connection: heartbeats, leadership, assignment, signals. The Lua files under
/// `Functions` say what each call guarantees. It belongs to the thread of its connection.
package final class ControlStore {
    package let connection: RedisConnection
    package let keyspace: Keyspace

    /// Living members beyond which no further one is let in, and records of members in all. Four times what a cluster is
    /// planned for: a machine of workers that crashes and starts again and again leaves a record each time.
    package static let mostMembers = 4_096
    /// Lanes of one write.
    package static let mostMoves = 1_000

    static let functions = VersionedLibrary(
        "control", version: 1, shared: VersionedLibrary.shared + PackageResources.slot_lua,
        transitions: [
            PackageResources.beat_lua, PackageResources.lead_lua, PackageResources.assign_lua,
            PackageResources.leave_lua, PackageResources.signals_lua, PackageResources.profiles_lua,
            PackageResources.pin_lua, PackageResources.unpin_lua, PackageResources.attend_lua,
        ])

    package init(connection: RedisConnection, keyspace: Keyspace) {
        self.connection = connection
        self.keyspace = keyspace
    }

    /// Opens a connection of its own.
    package convenience init(_ connector: LaneConnector, clientName: String? = nil) throws(LaneError) {
        do {
            self.init(
                connection: try RedisConnection(connector.endpoint, clientName: clientName),
                keyspace: connector.keyspace)
        } catch {
            throw .redis(error)
        }
    }

    /// The sharded channel on which everything of the control slot is told.
    package var wakeChannel: String { keyspace.control("wake") }

    /// Renews a member's lease.
    ///
    /// - Parameter gap: after how long without anybody the slot counts as having been away.
    /// - Throws: `.invalidRequest` if `mostMembers` members live already.
    package func beat(_ beat: Heartbeat, lease: Duration, gap: Duration) throws(LaneError) -> ControlState {
        let reply = try call("beat", ["slot", "leader", "members"]) { command in
            command.add(beat.id.text)
            command.add(lease.wholeMilliseconds)
            command.add(gap.wholeMilliseconds)
            command.add(Self.mostMembers)
            command.add(beat.isLeaving ? "1" : "0")
            command.add(beat.featureLevel)
            command.add(beat.load.runners)
            command.add(beat.load.busy)
            command.add(beat.load.backlog)
            command.add(beat.held)
            command.add(String(beat.version.prefix(64)))
            command.add(wakeChannel)
        }
        guard reply.first?.string == "ok" else {
            throw .invalidRequest("expected fewer than \(Self.mostMembers) members, the slot is full for \(beat.id)")
        }
        return try ControlState(reply: reply, of: "beat")
    }

    /// A member goes by itself.
    package func leave(_ id: MemberID) throws(LaneError) {
        _ = try call("leave", ["leader", "members"]) { command in
            command.add("")
            command.add("0")
            command.add(wakeChannel)
            command.add(id.text)
        }
    }

    func call(
        _ transition: String, _ keys: [String], _ arguments: (inout RedisCommand) -> Void
    ) throws(LaneError) -> [RedisReply] {
        try Self.functions.call(transition, keys: keys.map(keyspace.control), on: connection, arguments)
    }

    func plain(_ commands: [RedisCommand]) throws(LaneError) -> [RedisReply] {
        let replies: [RedisReply]
        do { replies = try connection.pipeline(commands) } catch { throw .redis(error) }
        for (command, reply) in zip(commands, replies) {
            guard let error = reply.error else { continue }
            throw .redis(
                RedisError(
                    .server(error), operation: command.name, endpoint: "\(connection.endpoint)",
                    message: error.description))
        }
        return replies
    }
}

@available(*, unavailable, message: "a store belongs to the thread of its connection")
extension ControlStore: Sendable {}
