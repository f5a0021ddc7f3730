package import Contracts
internal import Redis

/// Hears, over one connection, that lanes have something new: for owners and heirs, who know nothing of Redis.
///
/// `woken` is called on the subscriber's thread and must return at once. It is also called whenever a subscription is
/// confirmed, since what was published before may have been missed.
package final class LaneWakeups: Sendable {
    private let subscriber: RedisSubscriber
    private let keyspace: Keyspace

    /// - Throws: `LaneError.redis` if the system gives no thread.
    package init(
        connector: LaneConnector, clientName: String, woken: @escaping @Sendable (LaneName) -> Void
    ) throws(LaneError) {
        keyspace = connector.keyspace
        let prefix = "\(connector.keyspace.namespace):{"
        do {
            subscriber = try RedisSubscriber(connector.endpoint, clientName: clientName) { event in
                switch event {
                case .subscribed(let channel), .message(let channel, _):
                    guard channel.hasPrefix(prefix), let end = channel.lastIndex(of: "}"),
                        let lane = try? LaneName(String(channel[..<end].dropFirst(prefix.count)))
                    else { return }
                    woken(lane)
                case .lost: break
                }
            }
        } catch {
            throw .redis(error)
        }
    }

    /// Listens for these lanes too; returns at once.
    package func follow(_ lanes: [LaneName]) { subscriber.subscribe(lanes.map(channel)) }

    /// Stops listening for these lanes; returns at once.
    package func unfollow(_ lanes: [LaneName]) { subscriber.unsubscribe(lanes.map(channel)) }

    /// Ends the thread; afterwards `woken` is not called again.
    package func close() { subscriber.close() }

    private func channel(_ lane: LaneName) -> String {
        String(decoding: keyspace.lane(lane).wakeChannel, as: UTF8.self)
    }
}
