package import Redis

extension VersionedLibrary {
    /// Calls one function of the control slot and gives its array, which is never empty.
    ///
    /// - Throws: `.redis` for whatever Redis answers as an error, `.unexpectedReply` for anything that is no array.
    package func call(
        _ transition: String, keys: [String], on connection: RedisConnection,
        _ arguments: (inout RedisCommand) -> Void
    ) throws(LaneError) -> [RedisReply] {
        let command = command(transition, keys, arguments)
        let reply: RedisReply?
        do { reply = try run([command], on: connection).first } catch { throw .redis(error) }
        return try array(reply, of: transition, from: connection)
    }

    /// The same; the answer counts only once as many replicas have it as the store's durability wants.
    func call(
        _ transition: String, keys: [String], durablyBy store: LaneStore, _ arguments: (inout RedisCommand) -> Void
    ) throws(LaneError) -> [RedisReply] {
        let replies = try store.run([command(transition, keys, arguments)], of: self, durably: true)
        return try array(replies.first, of: transition, from: store.connection)
    }

    private func command(
        _ transition: String, _ keys: [String], _ arguments: (inout RedisCommand) -> Void
    ) -> RedisCommand {
        var command = RedisCommand("FCALL")
        command.add(function(transition))
        command.add(keys.count)
        for key in keys { command.add(key) }
        arguments(&command)
        return command
    }

    private func array(
        _ reply: RedisReply?, of transition: String, from connection: RedisConnection
    ) throws(LaneError) -> [RedisReply] {
        if let error = reply?.error {
            throw .redis(
                RedisError(
                    .server(error), operation: transition, endpoint: "\(connection.endpoint)",
                    message: error.description))
        }
        guard let array = reply?.array, !array.isEmpty else {
            throw .unexpectedReply(call: transition, came: reply?.kind ?? "nothing")
        }
        return array
    }
}

/// The functions that keep what is published in the control slot: topology and policies.
enum StoreLibrary {
    static let functions = VersionedLibrary(
        "store", version: 1, shared: VersionedLibrary.shared,
        transitions: [PackageResources.topology_lua, PackageResources.publish_lua, PackageResources.move_lua])
}
