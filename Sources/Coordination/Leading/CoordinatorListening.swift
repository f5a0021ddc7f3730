internal import Lanes
internal import Logging
internal import Redis
internal import Telemetry

extension CoordinatorPost {
    /// Rings for what members and other coordinators tell on the control slot's channel. Nil, and logged, if that cannot be:
    /// then the leader works at its interval alone.
    func listen(_ connector: LaneConnector, _ log: Logger) -> RedisSubscriber? {
        do throws(RedisError) {
            let listener = try RedisSubscriber(connector.endpoint, clientName: "coordinator-wake") { event in
                switch event {
                case .message(_, let payload):
                    let word = String(decoding: payload, as: UTF8.self)
                    if ["members", "leader", "topology", "pins"].contains(word) { self.put { $0.worksNow = true } }
                case .subscribed: self.put { $0.worksNow = true }
                case .lost: break
                }
            }
            listener.subscribe([connector.keyspace.control("wake")])
            return listener
        } catch {
            log.warning("Listening failed", metadata: .of((.cause, "\(error)")))
            return nil
        }
    }
}
