import Glibc
import Synchronization

/// A thread of the operating system's that runs one body to its end; nobody else's work runs on it.
final class PlainThread: Sendable {
    private let handle: Mutex<pthread_t?>

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts the thread; nil if the system allows no further one.
    init?(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            return nil
        }
        handle = Mutex(thread)
    }

    /// Lets it end unattended.
    func detach() {
        handle.withLock { handle in
            if let thread = handle { pthread_detach(thread) }
            handle = nil
        }
    }

    /// Returns once the body has ended; from the thread itself, and when repeated, at once.
    func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let thread else { return }
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }
}

/// Wakes a thread that waits in `poll`: a pair of sockets, since `eventfd` is not in Swift's C library module.
final class Doorbell: Sendable {
    /// Readable after `ring` until `clear`.
    let descriptor: CInt
    private let button: CInt

    init?() {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        (descriptor, button) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(button)
    }

    /// Never blocks: where the socket is full, the bell rings already.
    func ring() {
        var byte: UInt8 = 1
        _ = send(button, &byte, 1, CInt(MSG_NOSIGNAL))
    }

    func clear() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
            while recv(descriptor, bytes.baseAddress, bytes.count, 0) > 0 {}
        }
    }

    /// Waits until it rings or the deadline has passed, and clears it.
    func wait(until deadline: ContinuousClock.Instant) {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        _ = Redis.wait(for: &descriptors, until: deadline)
        clear()
    }
}
