package import Redis

extension VersionedLibrary {
    /// Calls one function of the control slot and gives its array, which is never empty.
    ///
    /// - Throws: `.redis` for whatever Redis answers as an error, `.unexpectedReply` for anything that is no array.
    package func call(
        _ transition: String, keys: [String], on connection: RedisConnection,
        _ arguments: (inout RedisCommand) -> Void
    ) throws(LaneError) -> [RedisReply] {
        var command = RedisCommand("FCALL")
        command.add(function(transition))
        command.add(keys.count)
        for key in keys { command.add(key) }
        arguments(&command)
        let reply: RedisReply?
        do { reply = try run([command], on: connection).first } catch { throw .redis(error) }
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
