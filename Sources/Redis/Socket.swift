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
    }

    let descriptor: CInt

    /// Connects through hiredis, which tries every address of a name. Looking up a name is the resolver's own business
    /// and has the resolver's own time limits; with addresses and paths the deadline holds exactly.
    init(_ endpoint: RedisEndpoint) throws(RedisError) {
        let timeout = timeval(endpoint.timeouts.connect)
        let context =
            switch endpoint.address {
            case .tcp(let host, let port): redisConnectWithTimeout(host, CInt(port), timeout)
            case .unix(let path): redisConnectUnixWithTimeout(path, timeout)
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

    deinit { close(descriptor) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
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
