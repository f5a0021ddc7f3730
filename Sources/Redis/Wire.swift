import Glibc

// Bytes out and replies in over one socket.
//
// Problem: a pipeline may be larger than what both socket buffers hold. Who first writes everything and then reads
// waits for a server that itself waits for its answers to be read, for ever.
// Choice: the socket does not block; `move` writes what the socket takes, reads what has come, and waits for whichever
// of the two becomes possible, until the deadline.
// How it fails: any error or a passed deadline leaves the stream at an unknown place; `Wire` throws and its owner must
// drop it.

/// The transport of one connection. Confined to one thread.
final class Wire {
    let endpoint: RedisEndpoint
    /// Waiting to be written, from `outputStart` on.
    private var output: [UInt8] = []
    private var outputStart = 0
    private let socket: Socket
    private let reader: ReplyReader
    private let input: UnsafeMutableRawBufferPointer
    private var descriptors: [pollfd]

    /// Read in pieces that stay in the processor's cache: hiredis moves the rest of its buffer down once in each KiB.
    private static let inputBytes = 32 << 10
    /// A larger output buffer is given back after use.
    private static let keptOutputBytes = 1 << 20

    init(_ endpoint: RedisEndpoint, until deadline: ContinuousClock.Instant) throws(RedisError) {
        self.endpoint = endpoint
        socket = try Socket(endpoint)
        try socket.secure(endpoint, until: deadline)
        guard let reader = ReplyReader() else {
            throw RedisError(.connect, operation: "connect", endpoint: "\(endpoint)", message: "out of memory")
        }
        self.reader = reader
        input = .allocate(byteCount: Self.inputBytes, alignment: 16)
        descriptors = [
            pollfd(fd: socket.descriptor, events: 0, revents: 0), pollfd(fd: -1, events: Int16(POLLIN), revents: 0),
        ]
    }

    deinit { input.deallocate() }

    var unsentBytes: Int { output.count - outputStart }

    /// Whether something lies here that belongs to no command.
    var hasUnreadReply: Bool { !reader.isEmpty }

    func enqueue(_ command: RedisCommand) {
        command.encode(into: &output)
    }

    func nextReply(operation: String) throws(RedisError) -> RedisReply? {
        do {
            return try reader.next()
        } catch {
            throw failure(.malformedReply, operation, error.message)
        }
    }

    /// What ended one `move`.
    enum Move: Equatable {
        /// Bytes have come, or unsent ones have fallen to the low-water mark.
        case progress
        /// The doorbell's descriptor is readable.
        case rung
        case deadline
    }

    /// Writes and reads until something has come, or until `unsentBytes` has fallen to `lowWater` (if that is over 0).
    func move(
        until deadline: ContinuousClock.Instant, lowWater: Int = 0, doorbell: CInt? = nil, operation: String
    ) throws(RedisError) -> Move {
        var mayRead = socket.hasPending
        while true {
            var events = Int16(POLLIN)
            if unsentBytes > 0 {
                if let blocked = try writeSome(operation) { events |= blocked }
                if lowWater > 0, unsentBytes <= lowWater { return .progress }
            }
            if mayRead, try readSome(operation, &events) { return .progress }
            descriptors[0].events = events
            descriptors[1].fd = doorbell ?? -1
            switch wait(for: &descriptors, until: deadline) {
            case .ready where descriptors[1].revents != 0: return .rung
            case .ready: mayRead = true
            case .deadline: return .deadline
            case .failed(let text): throw failure(.connectionLost, operation, "waiting for the socket failed: \(text)")
            }
        }
    }

    /// Writes what the socket takes at once.
    func push(operation: String) throws(RedisError) {
        if unsentBytes > 0 { _ = try writeSome(operation) }
    }

    /// Writes until nothing is left or the socket takes no more; then the events to wait for.
    private func writeSome(_ operation: String) throws(RedisError) -> Int16? {
        while unsentBytes > 0 {
            let outcome = output.withUnsafeBytes { socket.write(UnsafeRawBufferPointer(rebasing: $0[outputStart...])) }
            switch outcome {
            case .moved(let count): outputStart += count
            case .wouldBlock(let events): return events
            case .closed:
                // The server's last words, such as a TLS alert or "max number of clients reached", still wait to be
                // read; reading them also finds the end.
                (output, outputStart) = ([], 0)
                return Int16(POLLIN)
            case .failed(let text): throw failure(.connectionLost, operation, "writing failed: \(text)")
            case .insecure(let text): throw failure(.tls, operation, text)
            }
        }
        outputStart = 0
        if output.capacity > Self.keptOutputBytes { output = [] } else { output.removeAll(keepingCapacity: true) }
        return nil
    }

    /// Reads once; whether bytes came.
    private func readSome(_ operation: String, _ events: inout Int16) throws(RedisError) -> Bool {
        switch socket.read(into: input) {
        case .moved(let count):
            do {
                try reader.feed(UnsafeRawBufferPointer(rebasing: input[..<count]))
            } catch {
                throw failure(.malformedReply, operation, error.message)
            }
            return true
        case .wouldBlock(let wanted):
            events |= wanted
            return false
        case .closed:
            throw failure(.connectionLost, operation, "the server closed the connection")
        case .failed(let text):
            throw failure(.connectionLost, operation, "reading failed: \(text)")
        case .insecure(let text):
            throw failure(.tls, operation, text)
        }
    }

    func failure(_ code: RedisError.Code, _ operation: String, _ message: String) -> RedisError {
        RedisError(code, operation: operation, endpoint: "\(endpoint)", message: message)
    }
}
