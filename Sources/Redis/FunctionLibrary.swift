// Functions that may vanish.
//
// Problem: FUNCTION FLUSH, a new primary without the library, or a first start leave a server that knows no function;
// asking before each call would cost a round trip.
// Choice: call, and where the answer is "Function not found", load the library on the server that answered so and send
// those calls again. In a cluster that need not be one that serves slots: a new one is given its first. That is safe because Redis looks a function up before it runs anything: a call that was not found has
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
        guard let refusal = try load(onEach: connection.reachableServers(), of: connection) else { return }
        throw connection.failure(refusal, of: "FUNCTION")
    }

    /// The same on these servers; gives what one of them answered that refused it. In a cluster, one that gives no answer
    /// is no reason not to serve the others.
    fileprivate func load(
        onEach servers: [RedisConnection], of connection: RedisConnection
    ) throws(RedisError) -> RedisServerError? {
        var refusal: RedisServerError?
        for server in servers {
            do {
                _ = try server.call(RedisCommand("FUNCTION", "LOAD", source))
            } catch {
                if let answer = error.serverError {
                    if !answer.message.contains("already exists") { refusal = answer }
                } else if !connection.isCluster {
                    throw error
                }
            }
        }
        return refusal
    }
}

extension RedisServerError {
    /// Whether FCALL named a function that this server does not know; such a call did nothing.
    package var isFunctionNotFound: Bool { code == "ERR" && message.hasPrefix("Function not found") }
}

extension RedisConnection {
    /// A slot on its way may lead to one more server that has no functions.
    private static let mostLoads = 2

    /// Like `pipeline` with a closing command, for FCALLs of one library: what was not found is called again after loading
    /// it where it was missed. A server that refuses to load it answers those calls with that error.
    ///
    /// - Parameter deadline: for each of the up to three rounds.
    package func pipeline(
        _ commands: [RedisCommand], closing: RedisCommand?, loading library: FunctionLibrary, deadline: Duration? = nil
    ) throws(RedisError) -> (replies: [RedisReply], closings: [RedisReply]) {
        var (replies, closings) = try pipeline(commands, closing: closing, deadline: deadline)
        for _ in 0..<Self.mostLoads {
            let missed = replies.indices.filter { replies[$0].error?.isFunctionNotFound == true }
            guard !missed.isEmpty else { break }
            let refusal = try library.load(onEach: takeServersWithoutFunctions(), of: self)
            let again = try pipeline(missed.map { commands[$0] }, closing: closing, deadline: deadline)
            for (place, index) in missed.enumerated() {
                let isMissed = again.replies[place].error?.isFunctionNotFound == true
                replies[index] = isMissed ? refusal.map { .error($0) } ?? again.replies[place] : again.replies[place]
                if closing != nil { closings[index] = again.closings[place] }
            }
        }
        return (replies, closings)
    }

    /// Like `pipeline`, for FCALLs of one library.
    package func pipeline(
        _ commands: [RedisCommand], loading library: FunctionLibrary, deadline: Duration? = nil
    ) throws(RedisError) -> [RedisReply] {
        let replies = try pipeline(commands, closing: nil, loading: library, deadline: deadline).replies
        try checkReached(replies, commands)
        return replies
    }

    /// Like `call`, for one FCALL of a library.
    package func call(
        _ command: RedisCommand, loading library: FunctionLibrary, deadline: Duration? = nil
    ) throws(RedisError) -> RedisReply {
        let replies = try pipeline([command], closing: nil, loading: library, deadline: deadline).replies
        guard let reply = replies.first else { return .nil }
        if let error = reply.error { throw failure(error, of: command.name) }
        return reply
    }
}
