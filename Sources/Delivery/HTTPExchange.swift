internal import AsyncHTTPClient
internal import Glibc
internal import Instants
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

// One call over HTTP, from its first byte to the last of its answer, within one deadline.
//
// Problem: the HTTP client's own deadline ends with the head of an answer. A server that sends a head and no body, or a
// byte a second, holds a task and a connection for as long as it likes, and a few hundred of those leave none for anybody
// else. Choice: the whole exchange is one child task that races the deadline; the loser is cancelled, which closes its
// connection. The body is bounded in bytes, and a pause between two bytes by the client's read timeout. What a caller has
// to know of an exchange that failed is whether the other side can have acted on it: the body is handed over as a stream,
// so one that was never asked for has certainly not left, whether the call stood in a queue, on a dying connection or in a
// TLS handshake. Rejected: a timeout per read, which a drip of bytes renews for ever. How it fails: a body that was asked
// for counts as sent although it may lie in a buffer of this machine; that errs towards "may have gone".

/// What an exchange came to.
enum HTTPExchange: Sendable {
    /// Header names in lower case.
    case answer(status: Int, headers: [String: String], body: [UInt8])
    /// - Parameters:
    ///   - mayHaveGone: false only if the other side cannot have the whole request.
    ///   - isOurs: this process failed, not the other side or the way to it.
    case none(mayHaveGone: Bool, reason: String, isOurs: Bool)

    /// Makes the call and returns by the deadline, or at once when the task is cancelled.
    ///
    /// - Parameters:
    ///   - body: nil or empty for a call without one, which counts as sent as soon as a connection stands.
    ///   - most: bytes of an answer; a longer one is no answer, and with a status from 500 on one without a body.
    static func make(
        _ request: HTTPClientRequest, body: [UInt8]? = nil, client: HTTPClient, most: Int, deadline: Duration
    ) async -> HTTPExchange {
        let sent = SentMark()
        var request = request
        if let body, !body.isEmpty {
            request.body = .stream(OneChunk(bytes: body, sent: sent), length: .known(Int64(body.count)))
        } else {
            sent.set()
        }
        do {
            return try await race(request, client, most, deadline)
        } catch {
            let isBefore = !sent.isSet || isBeforeRequest(error)
            return .none(mayHaveGone: !isBefore, reason: words(error), isOurs: isOurs(error))
        }
    }

    private struct TooSlow: Error {}

    private static func race(
        _ request: HTTPClientRequest, _ client: HTTPClient, _ most: Int, _ deadline: Duration
    ) async throws -> HTTPExchange {
        try await withThrowingTaskGroup(of: HTTPExchange?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let end = NIODeadline.now() + .milliseconds(max(1, deadline.wholeMilliseconds))
                let response = try await client.execute(request, deadline: end)
                let body: ByteBuffer
                do {
                    body = try await response.body.collect(upTo: most)
                } catch let error as NIOTooManyBytesError {
                    // The page of an edge that fails: its status says it all.
                    guard response.status.code >= 500 else { throw error }
                    body = ByteBuffer()
                }
                var headers: [String: String] = [:]
                for (name, value) in response.headers { headers[name.lowercased()] = value }
                return .answer(
                    status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView))
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            guard let first = try await group.next(), let exchange = first else { throw TooSlow() }
            return exchange
        }
    }

    /// Errors that come before a connection stands: no byte of the request can have left.
    static func isBeforeRequest(_ error: any Error) -> Bool {
        if error is NIOConnectionError { return true }
        if let error = error as? IOError { return error.errnoCode == ECONNREFUSED }
        if case ChannelError.connectTimeout = error { return true }
        guard let error = error as? HTTPClientError else { return false }
        return error == .connectTimeout || error == .getConnectionFromPoolTimeout || error == .invalidURL
            || error == .tlsHandshakeTimeout
    }

    /// Whether it says nothing of the other side: a request that cannot be made, no place in the pool of
    /// connections (one that waited while none could be made has that connection's error), no socket, an end that this process wished.
    static func isOurs(_ error: any Error) -> Bool {
        switch error {
        case is CancellationError: true
        case let error as HTTPClientError: ourErrors.contains(error.shortDescription)
        case let error as IOError: ourNumbers.contains(error.errnoCode)
        case let error as NIOConnectionError:
            !error.connectionErrors.isEmpty && error.connectionErrors.allSatisfy { isOurs($0.error) }
        default: false
        }
    }

    /// By their short descriptions, which name no values.
    private static let ourErrors = Set(
        [
            .getConnectionFromPoolTimeout, .cancelled, .alreadyShutdown, .requestStreamCancelled, .invalidURL,
            .emptyHost, .emptyScheme, .unsupportedScheme(""), .missingSocketPath, .invalidHeaderFieldNames([]),
            .invalidHeaderFieldValues([]), .bodyLengthMismatch, .contentLengthMissing, .writeAfterRequestSent,
            .traceRequestWithBody, .identityCodingIncorrectlyPresent,
        ].map { (error: HTTPClientError) in error.shortDescription })

    private static let ourNumbers: Set<CInt> = [EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL]

    /// Never the address, which may hold a secret.
    private static func words(_ error: any Error) -> String {
        switch error {
        case is TooSlow: "no whole answer in time"
        case let error as HTTPClientError where error == .deadlineExceeded: "no answer in time"
        case is NIOTooManyBytesError: "the answer was too long"
        case is CancellationError: "ended by us"
        default: "\(error)"
        }
    }
}

/// Whether the body of a request was asked for.
private final class SentMark: Sendable {
    private let mark = Atomic<Bool>(false)

    var isSet: Bool { mark.load(ordering: .acquiring) }

    func set() { mark.store(true, ordering: .releasing) }
}

/// A body in one piece that notes when it is taken.
private struct OneChunk: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let sent: SentMark

    struct Iterator: AsyncIteratorProtocol {
        var rest: ByteBuffer?
        let sent: SentMark

        mutating func next() async -> ByteBuffer? {
            defer { rest = nil }
            if rest != nil { sent.set() }
            return rest
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(rest: ByteBuffer(bytes: bytes), sent: sent) }
}
