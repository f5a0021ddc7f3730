// Functions that may vanish.
//
// Problem: FUNCTION FLUSH, a new primary without the library, or a first start leave a server that knows no function;
// asking before each call would cost a round trip.
// Choice: call, and where the answer is "Function not found", load the library on this server and send those calls
// again, once. That is safe because Redis looks a function up before it runs anything: a call that was not found has
// done nothing. Calls that did run are never sent again.
// How it fails: between the two rounds the order among calls of one pipeline is kept only within each round. Before
// the load none was found, unless another client loaded the library while the pipeline ran; then later calls may have
// run before earlier ones. Callers put into one pipeline what does not depend on its order, or fence it.

/// Lua functions that are loaded together under one name.
package struct FunctionLibrary: Sendable {
    /// Carries version and source hash, so that an equal name means an equal library.
    package let name: String
    /// The whole source, its first line `#!lua name=NAME`.
    package let source: String

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// Loads it on the server of this connection, in a cluster on every primary that can be reached; that it is already
    /// there is success.
    package func load(on connection: RedisConnection) throws(RedisError) {
        for server in connection.reachableServers() {
            do {
                _ = try server.call(RedisCommand("FUNCTION", "LOAD", source))
            } catch {
                if let answer = error.serverError, answer.message.contains("already exists") { continue }
                // One primary of several that goes meanwhile is no reason not to serve the others.
                guard connection.isCluster, error.serverError == nil else { throw error }
            }
        }
    }
}

extension RedisServerError {
    /// Whether FCALL named a function that this server does not know; such a call did nothing.
    package var isFunctionNotFound: Bool { code == "ERR" && message.hasPrefix("Function not found") }
}

extension RedisConnection {
    /// Like `pipeline`, for FCALLs of one library: what was not found is called again once after loading it.
    ///
    /// - Parameter deadline: for each of the up to two rounds.
    package func pipeline(
        _ commands: [RedisCommand], loading library: FunctionLibrary, deadline: Duration? = nil
    ) throws(RedisError) -> [RedisReply] {
        var replies = try pipeline(commands, deadline: deadline)
        let missed = replies.indices.filter { replies[$0].error?.isFunctionNotFound == true }
        guard !missed.isEmpty else { return replies }
        try library.load(on: self)
        let again = try pipeline(missed.map { commands[$0] }, deadline: deadline)
        for (index, reply) in zip(missed, again) { replies[index] = reply }
        return replies
    }

    /// Like `call`, for one FCALL of a library.
    package func call(
        _ command: RedisCommand, loading library: FunctionLibrary, deadline: Duration? = nil
    ) throws(RedisError) -> RedisReply {
        do {
            return try call(command, deadline: deadline)
        } catch {
            guard error.serverError?.isFunctionNotFound == true else { throw error }
            try library.load(on: self)
            return try call(command, deadline: deadline)
        }
    }
}
