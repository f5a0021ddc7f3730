import Synchronization

// Hearing of what one server publishes, for any number of channels over one connection.
//
// Problem: a subscription is lost with its connection, silently if the peer just vanishes, and what is published in
// between is gone. Channels are wanted and given up by other threads at any time.
// Choice: one thread with one connection. Others change a set under a lock and ring a doorbell; the thread brings the
// server's subscriptions in line with the set, and does so again after each reconnect. Each confirmed subscription is
// an event, and the rule for the listener is one: whenever `.subscribed` comes, look once at what the channel is
// about, since anything before may have been missed. A ping in silence bounds how long a dead peer goes unnoticed.
// Rejected: RESP3, which would let one connection do both (hiredis 0.14 cannot read it).
// How it fails: a refused SSUBSCRIBE (an ACL without that channel) counts as a lost connection and is tried again with
// back-off, reported each time: loud, and ended as soon as the ACL allows it.

/// Listens on sharded channels of one server, or of the primary that Sentinels name.
final class ServerSubscriber: Sendable {
    private let shared: Shared
    private let thread: PlainThread

    fileprivate final class Shared: Sendable {
        struct Wish {
            var channels: Set<String> = []
            var isClosing = false
        }

        let wish = Mutex(Wish())
        let doorbell: Doorbell

        init(doorbell: Doorbell) { self.doorbell = doorbell }

        var isClosing: Bool { wish.withLock { $0.isClosing } }
    }

    /// Starts the thread; connecting happens on it. The handler runs on that thread too, one event at a time: while it
    /// runs, nothing is heard.
    ///
    /// - Throws: code `.connect` if the system gives no thread or descriptors.
    init(
        _ endpoint: RedisEndpoint, clientName: String, pace: RedisSubscriber.Pace,
        handler: @escaping @Sendable (RedisSubscriber.Event) -> Void
    ) throws(RedisError) {
        guard let doorbell = Doorbell() else {
            throw RedisError(
                .connect, operation: "SSUBSCRIBE", endpoint: "\(endpoint)", message: "expected two descriptors")
        }
        let shared = Shared(doorbell: doorbell)
        let loop: @Sendable () -> Void = {
            var listener = Listener(
                endpoint: endpoint, clientName: clientName, pace: pace, shared: shared, handler: handler)
            listener.run()
        }
        guard let thread = PlainThread(loop) else {
            throw RedisError(.connect, operation: "SSUBSCRIBE", endpoint: "\(endpoint)", message: "expected a thread")
        }
        self.shared = shared
        self.thread = thread
    }

    deinit { close() }

    /// Wants these channels too; returns at once, from any thread.
    func subscribe(_ channels: [String]) {
        shared.wish.withLock { $0.channels.formUnion(channels) }
        shared.doorbell.ring()
    }

    /// Gives these channels up; returns at once, from any thread. A message under way may still come.
    func unsubscribe(_ channels: [String]) {
        shared.wish.withLock { $0.channels.subtract(channels) }
        shared.doorbell.ring()
    }

    /// Ends the thread; afterwards the handler is not called again (from the handler itself: after it returns).
    func close() {
        shared.wish.withLock { $0.isClosing = true }
        shared.doorbell.ring()
        thread.join()
    }
}

/// What runs on the subscriber's thread.
private struct Listener {
    let endpoint: RedisEndpoint
    let clientName: String
    let pace: RedisSubscriber.Pace
    let shared: ServerSubscriber.Shared
    let handler: @Sendable (RedisSubscriber.Event) -> Void
    private var requested: Set<String> = []
    private var backOff: Duration = .zero
    private var lastHeard = ContinuousClock.now
    private var pinged: ContinuousClock.Instant?

    init(
        endpoint: RedisEndpoint, clientName: String, pace: RedisSubscriber.Pace, shared: ServerSubscriber.Shared,
        handler: @escaping @Sendable (RedisSubscriber.Event) -> Void
    ) {
        self.endpoint = endpoint
        self.clientName = clientName
        self.pace = pace
        self.shared = shared
        self.handler = handler
    }

    mutating func run() {
        while !shared.isClosing {
            do throws(RedisError) {
                let wire = try ServerConnection.open(endpoint, clientName: clientName).surrenderWire()
                try listen(on: wire)
            } catch {
                handler(.lost(error))
                waitBackOff()
            }
        }
    }

    /// The wait doubles from the first to the longest one, each time less a random part of up to half, so that the
    /// clients of a server that died do not all come back at once.
    private mutating func waitBackOff() {
        backOff = backOff == .zero ? pace.firstBackOff : min(backOff * 2, pace.longestBackOff)
        let deadline = ContinuousClock.now.advanced(by: backOff * Double.random(in: 0.5...1))
        while !shared.isClosing, ContinuousClock.now < deadline { shared.doorbell.wait(until: deadline) }
    }

    private mutating func listen(on wire: Wire) throws(RedisError) {
        requested = []
        lastHeard = .now
        pinged = nil
        while true {
            let wish = shared.wish.withLock { $0 }
            if wish.isClosing { return }
            follow(wish.channels, on: wire)
            let deadline = try nextLook(on: wire)
            switch try wire.move(until: deadline, doorbell: shared.doorbell.descriptor, operation: "SSUBSCRIBE") {
            case .rung: shared.doorbell.clear()
            case .deadline: break
            case .progress:
                lastHeard = .now
                pinged = nil
                while !shared.isClosing, let reply = try wire.nextReply(operation: "SSUBSCRIBE") {
                    try take(reply, from: wire)
                }
            }
        }
    }

    /// One command a channel, so that channels of several slots are no error on a cluster.
    private mutating func follow(_ wanted: Set<String>, on wire: Wire) {
        guard wanted != requested else { return }
        for channel in wanted.subtracting(requested).sorted() { wire.enqueue(RedisCommand("SSUBSCRIBE", channel)) }
        for channel in requested.subtracting(wanted).sorted() { wire.enqueue(RedisCommand("SUNSUBSCRIBE", channel)) }
        requested = wanted
    }

    /// Pings after a silence; nothing heard on a ping within the endpoint's time-out is a lost connection.
    private mutating func nextLook(on wire: Wire) throws(RedisError) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        if let pinged {
            let end = pinged.advanced(by: endpoint.timeouts.reply)
            guard now < end else { throw wire.failure(.deadline, "PING", "expected an answer in time, none came") }
            return end
        }
        let due = lastHeard.advanced(by: pace.pingAfter)
        guard now >= due else { return due }
        wire.enqueue(RedisCommand("PING"))
        pinged = now
        return now.advanced(by: endpoint.timeouts.reply)
    }

    private mutating func take(_ reply: RedisReply, from wire: Wire) throws(RedisError) {
        if let error = reply.error {
            throw wire.failure(.server(error), "SSUBSCRIBE", error.description)
        }
        guard let parts = reply.array, parts.count >= 2, let kind = parts[0].string, let channel = parts[1].string
        else {
            guard case .status = reply else {
                throw wire.failure(.unexpectedReply, "SSUBSCRIBE", "expected a pushed message, came \(reply.kind)")
            }
            return
        }
        switch kind {
        case "smessage":
            handler(.message(channel: channel, payload: parts.count > 2 ? parts[2].bytes ?? [] : []))
        case "ssubscribe":
            backOff = .zero
            handler(.subscribed(channel: channel))
        case "sunsubscribe" where requested.contains(channel):
            // A cluster's server takes a channel away from its listeners when the channel's slot leaves it.
            throw wire.failure(.connectionLost, "SSUBSCRIBE", "the server gave the channel \(channel) up")
        default:
            break
        }
    }
}
