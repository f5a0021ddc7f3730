/// Listens on sharded channels (SSUBSCRIBE) until it is closed: over one connection, in a cluster over one a primary.
package final class RedisSubscriber: Sendable {
    package enum Event: Sendable, Equatable {
        /// From now on this channel is heard; what was published before may have been missed.
        case subscribed(channel: String)
        case message(channel: String, payload: [UInt8])
        /// Nothing, in a cluster nothing of one primary, is heard until `.subscribed` comes again; it reconnects by itself.
        case lost(RedisError)
    }

    /// A silence after which it pings, and the waits between attempts to reconnect.
    package struct Pace: Sendable {
        package var pingAfter: Duration = .seconds(1)
        package var firstBackOff: Duration = .milliseconds(50)
        package var longestBackOff: Duration = .seconds(2)

        package init() {}
    }

    private let way: Way

    private enum Way {
        case server(ServerSubscriber)
        case cluster(ClusterSubscriber)
    }

    /// Starts the thread; connecting happens on it. The handler runs on a thread of the subscriber's, one event at a time:
    /// while it runs, nothing is heard.
    ///
    /// - Throws: code `.connect` if the system gives no thread or descriptors.
    package init(
        _ endpoint: RedisEndpoint, clientName: String, pace: Pace = Pace(),
        handler: @escaping @Sendable (Event) -> Void
    ) throws(RedisError) {
        if case .cluster(let seeds) = endpoint.address {
            way = .cluster(
                try ClusterSubscriber(endpoint, seeds: seeds, clientName: clientName, pace: pace, handler: handler))
        } else {
            way = .server(try ServerSubscriber(endpoint, clientName: clientName, pace: pace, handler: handler))
        }
    }

    /// Wants these channels too; returns at once, from any thread.
    package func subscribe(_ channels: [String]) {
        switch way {
        case .server(let server): server.subscribe(channels)
        case .cluster(let cluster): cluster.change { $0.formUnion(channels) }
        }
    }

    /// Gives these channels up; returns at once, from any thread. A message under way may still come.
    package func unsubscribe(_ channels: [String]) {
        switch way {
        case .server(let server): server.unsubscribe(channels)
        case .cluster(let cluster): cluster.change { $0.subtract(channels) }
        }
    }

    /// Ends the threads; afterwards the handler is not called again (from the handler itself: after it returns).
    package func close() {
        switch way {
        case .server(let server): server.close()
        case .cluster(let cluster): cluster.close()
        }
    }
}
