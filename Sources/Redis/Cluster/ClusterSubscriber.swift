import Glibc
import Synchronization

// Hearing of what all primaries of a cluster publish.
//
// Problem: a sharded channel is heard only at the primary of its slot, which changes without a word to the listener but
// the loss of the channel.
// Choice: a `ServerSubscriber` for each primary, and one steward's thread that gives each channel to the one of its slot.
// Any loss makes the steward ask for the slots again, with back-off while they tell nothing new, and give the channels out
// anew; each new subscription is told as `.subscribed`, after which the listener looks once.
// Rejected: ordinary channels, which every server hears of: each message would cross the whole cluster's bus.
// The slots are asked for once a second, and five times a second while a primary is lost: its heir is known to the others long
// before the lost one's listener tries again.
// How it fails: a channel of a slot without a primary is heard of nowhere until the slot has one.

/// Started by `RedisSubscriber` for a cluster's endpoint.
final class ClusterSubscriber: Sendable {
    private let shared: Shared
    private let thread: PlainThread

    final class Shared: Sendable {
        struct Wish {
            var channels: Set<String> = []
            var isClosing = false
            /// Something was lost: the slots are to be asked for.
            var isDoubtful = true
            /// Servers whose channels are not heard now.
            var lost: Set<NodeAddress> = []
        }

        let wish = Mutex(Wish())
        let doorbell: Doorbell
        /// Whose thread is in the handler, so that it does not wait for itself.
        private let delivering = Mutex<pthread_t?>(nil)
        private let turn = Mutex(())
        private let handler: @Sendable (RedisSubscriber.Event) -> Void

        init(doorbell: Doorbell, handler: @escaping @Sendable (RedisSubscriber.Event) -> Void) {
            self.doorbell = doorbell
            self.handler = handler
        }

        /// One event at a time, whichever primary it came from.
        func deliver(_ event: RedisSubscriber.Event) {
            turn.withLock { _ in
                guard !wish.withLock({ $0.isClosing }) else { return }
                delivering.withLock { $0 = pthread_self() }
                handler(event)
                delivering.withLock { $0 = nil }
            }
        }

        var isOnHandlersThread: Bool {
            delivering.withLock { thread in thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        }
    }

    init(
        _ endpoint: RedisEndpoint, seeds: [NodeAddress], clientName: String, pace: RedisSubscriber.Pace,
        handler: @escaping @Sendable (RedisSubscriber.Event) -> Void
    ) throws(RedisError) {
        guard let doorbell = Doorbell() else {
            throw RedisError(
                .connect, operation: "SSUBSCRIBE", endpoint: "\(endpoint)", message: "expected two descriptors")
        }
        let shared = Shared(doorbell: doorbell, handler: handler)
        let body: @Sendable () -> Void = {
            var steward = Steward(
                endpoint: endpoint, seeds: seeds, clientName: clientName, pace: pace, shared: shared)
            steward.run()
        }
        guard let thread = PlainThread(body) else {
            throw RedisError(.connect, operation: "SSUBSCRIBE", endpoint: "\(endpoint)", message: "expected a thread")
        }
        self.shared = shared
        self.thread = thread
    }

    deinit { close() }

    func change(_ change: (inout Set<String>) -> Void) {
        shared.wish.withLock { change(&$0.channels) }
        shared.doorbell.ring()
    }

    func close() {
        shared.wish.withLock { $0.isClosing = true }
        shared.doorbell.ring()
        if shared.isOnHandlersThread { thread.detach() } else { thread.join() }
    }
}

/// What runs on the steward's thread.
private struct Steward {
    let endpoint: RedisEndpoint
    let seeds: [NodeAddress]
    let clientName: String
    let pace: RedisSubscriber.Pace
    let shared: ClusterSubscriber.Shared
    private var cluster: ClusterConnection?
    private var listeners: [NodeAddress: ServerSubscriber] = [:]
    private var placed: [String: NodeAddress] = [:]
    private var retry = RetryPace()

    /// Slots are looked at again after so long, lost or not.
    private static let lookEvery: Duration = .seconds(1)
    private static let lookEveryWhileLost: Duration = .milliseconds(200)

    init(
        endpoint: RedisEndpoint, seeds: [NodeAddress], clientName: String, pace: RedisSubscriber.Pace,
        shared: ClusterSubscriber.Shared
    ) {
        self.endpoint = endpoint
        self.seeds = seeds
        self.clientName = clientName
        self.pace = pace
        self.shared = shared
    }

    mutating func run() {
        while true {
            let wish = shared.wish.withLock { wish in
                defer { if retry.mayTry(at: .now) { wish.isDoubtful = false } }
                return wish
            }
            if wish.isClosing { break }
            if wish.isDoubtful, retry.mayTry(at: .now) { askForSlots() }
            follow(wish.channels)
            let (isDoubtful, hasLost) = shared.wish.withLock { ($0.isDoubtful, !$0.lost.isEmpty) }
            let end = ContinuousClock.now.advanced(
                by: isDoubtful ? RetryPace.first : hasLost ? Self.lookEveryWhileLost : Self.lookEvery)
            shared.doorbell.wait(until: end)
            let misses = placed.count < shared.wish.withLock { $0.channels.count }
            if misses || ContinuousClock.now >= end { shared.wish.withLock { $0.isDoubtful = true } }
        }
        for (_, listener) in listeners.sorted(by: { $0.key < $1.key }) { listener.close() }
    }

    private mutating func askForSlots() {
        let started = ContinuousClock.now
        do throws(RedisError) {
            if let cluster {
                try cluster.refresh()
            } else {
                cluster = try ClusterConnection(endpoint, seeds: seeds, clientName: clientName)
            }
            retry.failed(at: .now, took: .zero)
        } catch {
            retry.failed(at: .now, took: started.duration(to: .now))
            shared.wish.withLock { $0.isDoubtful = true }
            shared.deliver(.lost(error))
        }
    }

    /// Gives each channel to the listener of its slot's primary, and ends those without a primary.
    private mutating func follow(_ channels: Set<String>) {
        guard let map = cluster?.map else { return }
        var gone: [NodeAddress: [String]] = [:]
        var new: [NodeAddress: [String]] = [:]
        for (channel, node) in placed {
            guard !channels.contains(channel) || map.owner(of: KeySlot(of: Array(channel.utf8))) != node else {
                continue
            }
            gone[node, default: []].append(channel)
            placed[channel] = nil
        }
        for channel in channels where placed[channel] == nil {
            guard let node = map.owner(of: KeySlot(of: Array(channel.utf8))) else { continue }
            new[node, default: []].append(channel)
            placed[channel] = node
        }
        for (node, channels) in gone { listeners[node]?.unsubscribe(channels) }
        for (node, channels) in new.sorted(by: { $0.key < $1.key }) {
            guard let listener = listener(of: node) else {
                for channel in channels { placed[channel] = nil }
                continue
            }
            listener.subscribe(channels)
        }
        for node in listeners.keys where !map.primaries.contains(node) {
            listeners.removeValue(forKey: node)?.close()
            shared.wish.withLock { _ = $0.lost.remove(node) }
        }
    }

    private mutating func listener(of node: NodeAddress) -> ServerSubscriber? {
        if let known = listeners[node] { return known }
        let shared = shared
        do throws(RedisError) {
            let listener = try ServerSubscriber(endpoint.at(node), clientName: clientName, pace: pace) { event in
                switch event {
                case .lost:
                    shared.wish.withLock { wish in
                        wish.isDoubtful = true
                        wish.lost.insert(node)
                    }
                    shared.doorbell.ring()
                case .subscribed: shared.wish.withLock { _ = $0.lost.remove(node) }
                case .message: break
                }
                shared.deliver(event)
            }
            listeners[node] = listener
            return listener
        } catch {
            shared.deliver(.lost(error))
            return nil
        }
    }
}
