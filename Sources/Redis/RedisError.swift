/// What went wrong between this process and one Redis server.
///
/// Everything but `.server` leaves the connection unusable: a reply may still be under way, and the only safe way not
/// to take it for another call's is never to read from this connection again.
package struct RedisError: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// The endpoint's text or its options make no sense; nothing was tried.
        case configuration
        /// No connection came about: refused, unreachable, no such socket, no such host.
        case connect
        /// The TLS handshake failed, or the certificate does not stand for the asked name.
        case tls
        /// The server closed the connection or the network reported it lost.
        case connectionLost
        /// The answer did not come in time.
        case deadline
        /// What came is no RESP2, or is larger than a reply may be.
        case malformedReply
        /// The connection failed earlier and refuses further calls.
        case broken
        /// The server answered with an error; the connection stays usable.
        case server(RedisServerError)
        /// The answer is well-formed but not of the shape that this command has.
        case unexpectedReply
    }

    package let code: Code
    /// The command's name, or the step of connecting (`connect`, `AUTH`, `SELECT`).
    package let operation: String
    /// The endpoint as text, without its password.
    package let endpoint: String
    /// What was expected and what came.
    package let message: String

    package init(_ code: Code, operation: String, endpoint: String, message: String) {
        self.code = code
        self.operation = operation
        self.endpoint = endpoint
        self.message = message
    }

    /// The server's own error, if that is what this is.
    package var serverError: RedisServerError? {
        if case .server(let error) = code { error } else { nil }
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String { "redis \(operation) at \(endpoint): \(message)" }
}

/// An error that Redis itself answered.
package struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The first word: `ERR`, `MOVED`, `OOM`, `NOPERM`, `LOADING`, `READONLY`, `MISCONF`, `NOAUTH`, `WRONGTYPE`…
    package let code: String
    /// The rest of the line.
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// Splits an error line at its first space; a first word that is not in capitals is no code, and counts as `ERR`.
    init(line: String) {
        let word = line.prefix { $0 != " " }
        if !word.isEmpty, word.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
            self.init(code: String(word), message: String(line.dropFirst(word.count + 1)))
        } else {
            self.init(code: "ERR", message: line)
        }
    }

    package var description: String { "\(code) \(message)" }
}
