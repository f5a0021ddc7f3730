import CHiredis
import Glibc

/// A connected, non-blocking socket that is closed with its owner. Confined to one thread.
final class Socket {
    enum Outcome: Equatable {
        case moved(Int)
        /// Nothing can be moved until `poll` reports one of these events.
        case wouldBlock(Int16)
        case closed
        case failed(String)
        /// The TLS layer refuses what came, or the other side refuses us.
        case insecure(String)
    }

    let descriptor: CInt
    private var tls: TLSSession?

    /// Connects through hiredis, which tries every address of a name. Looking up a name is the resolver's own business
    /// and has the resolver's own time limits; with addresses and paths the deadline holds exactly.
    init(_ endpoint: RedisEndpoint) throws(RedisError) {
        let timeout = timeval(endpoint.timeouts.connect)
        let context =
            switch endpoint.address {
            case .tcp(let host, let port): redisConnectWithTimeout(host, CInt(port), timeout)
            case .unix(let path): redisConnectUnixWithTimeout(path, timeout)
            case .cluster, .sentinel:
                throw RedisError(
                    .configuration, operation: "connect", endpoint: "\(endpoint)", message: "expected one server")
            }
        guard let context else {
            throw RedisError(.connect, operation: "connect", endpoint: "\(endpoint)", message: "out of memory")
        }
        guard context.pointee.err == 0 else {
            let text = withUnsafeBytes(of: context.pointee.errstr) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            redisFree(context)
            throw RedisError(
                .connect, operation: "connect", endpoint: "\(endpoint)", message: "expected a connection, came: \(text)"
            )
        }
        descriptor = redisFreeKeepFd(context)
        prepare(isTCP: endpoint.isTCP)
    }

    deinit {
        tls = nil
        close(descriptor)
    }

    /// Sets TLS on top, if the endpoint asks for it; what follows is encrypted. Ends at the deadline.
    func secure(_ endpoint: RedisEndpoint, until deadline: ContinuousClock.Instant) throws(RedisError) {
        guard let settings = endpoint.tls, case .tcp(let host, _) = endpoint.address else { return }
        let session = try TLSSession(descriptor: descriptor, settings: settings, host: host, endpoint: endpoint)
        func failure(_ code: RedisError.Code, _ message: String) -> RedisError {
            RedisError(code, operation: "TLS", endpoint: "\(endpoint)", message: message)
        }
        while true {
            switch session.handshake() {
            case .moved:
                tls = session
                return
            case .wouldBlock(let events):
                var descriptors = [pollfd(fd: descriptor, events: events, revents: 0)]
                switch wait(for: &descriptors, until: deadline) {
                case .ready: continue
                case .deadline: throw failure(.deadline, "expected the TLS handshake to end in time")
                case .failed(let text): throw failure(.connectionLost, "waiting for the socket failed: \(text)")
                }
            case .closed: throw failure(.tls, "expected a TLS handshake, the server closed the connection")
            case .failed(let text), .insecure(let text): throw failure(.tls, text)
            }
        }
    }

    /// Whether bytes can be read that `poll` cannot see.
    var hasPending: Bool { tls?.hasPending == true }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        if let tls { return tls.read(into: buffer) }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .moved(count) }
            if count == 0 { return .closed }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .wouldBlock(Int16(POLLIN)) }
            return errno == ECONNRESET ? .closed : .failed(lastSystemError())
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        if let tls { return tls.write(bytes) }
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            if count >= 0 { return .moved(count) }
            if errno == EINTR { continue }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .wouldBlock(Int16(POLLOUT)) }
            return errno == EPIPE || errno == ECONNRESET ? .closed : .failed(lastSystemError())
        }
    }

    /// A peer that vanished is noticed by unanswered keep-alive probes (10 s + 3 x 5 s) or, with data on its way, by
    /// `TCP_USER_TIMEOUT` (15 s). A call's own deadline is mostly shorter; these end what nobody waits for.
    private func prepare(isTCP: Bool) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard isTCP else { return }
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        let tcp = CInt(IPPROTO_TCP)
        set(tcp, TCP_NODELAY, 1)
        set(tcp, TCP_KEEPIDLE, 10)
        set(tcp, TCP_KEEPINTVL, 5)
        set(tcp, TCP_KEEPCNT, 3)
        set(tcp, TCP_USER_TIMEOUT, 15_000)
    }

    private func set(_ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}

extension RedisEndpoint {
    var isTCP: Bool {
        if case .tcp = address { true } else { false }
    }

    var isUnix: Bool {
        if case .unix = address { true } else { false }
    }
}

extension timeval {
    /// Rounded down to microseconds; at least one, because zero would mean "for ever".
    init(_ duration: Duration) {
        let (seconds, attoseconds) = max(duration, .microseconds(1)).components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}

/// The text of `errno`.
func lastSystemError() -> String {
    let number = errno
    return strerror(number).map { String(cString: $0) } ?? "error \(number)"
}

/// Waits until one of the descriptors is ready or the deadline has passed.
func wait(for descriptors: inout [pollfd], until deadline: ContinuousClock.Instant) -> PollOutcome {
    while true {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return .deadline }
        let (seconds, attoseconds) = left.components
        let milliseconds = min(seconds, 1_000_000) * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
        let count = poll(&descriptors, nfds_t(descriptors.count), CInt(milliseconds))
        if count > 0 { return .ready }
        if count < 0, errno != EINTR { return .failed(lastSystemError()) }
    }
}

enum PollOutcome: Equatable {
    case ready
    case deadline
    case failed(String)
}
