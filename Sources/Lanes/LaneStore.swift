package import Contracts
package import Instants
package import Redis

/// The lanes of one Redis, over one connection: what owners, couriers, producers and operators do to them.
///
/// Every call takes many lanes and is one round trip. It belongs to the thread that made it, like its connection. A
/// thrown error leaves open whether the call took effect; a refusal is a value in the lane's own reply.
package final class LaneStore {
    package let keyspace: Keyspace
    package let durability: Durability
    let connection: RedisConnection
    private var keys: [LaneName: LaneKeys] = [:]

    package init(connection: RedisConnection, keyspace: Keyspace, durability: Durability = .everysec) {
        self.connection = connection
        self.keyspace = keyspace
        self.durability = durability
    }

    /// The keys of a lane, made once.
    func keys(of lane: LaneName) -> LaneKeys {
        if let known = keys[lane] { return known }
        let made = keyspace.lane(lane)
        keys[lane] = made
        return made
    }

    package func append(_ batches: [AppendBatch]) throws(LaneError) -> [AppendReply] { throw .notBuilt }
    package func take(_ requests: [TakeRequest]) throws(LaneError) -> [TakeReply] { throw .notBuilt }
    package func read(_ requests: [ReadRequest]) throws(LaneError) -> [ReadReply] { throw .notBuilt }
    package func states(_ requests: [(lane: LaneName, entities: [EntityID])]) throws(LaneError) -> [[[UInt8]?]] {
        throw .notBuilt
    }
    package func commit(_ commits: [LaneCommit]) throws(LaneError) -> [CommitReply] { throw .notBuilt }
    package func claim(_ requests: [ClaimRequest]) throws(LaneError) -> [ClaimReply] { throw .notBuilt }
    package func settle(_ requests: [SettleRequest]) throws(LaneError) -> [SettleReply] { throw .notBuilt }
    package func release(_ lanes: [(lane: LaneName, token: LaneToken)]) throws(LaneError) -> [ReleaseReply] {
        throw .notBuilt
    }
    package func control(_ verbs: [(lane: LaneName, verb: ControlVerb)]) throws(LaneError) -> [ControlReply] {
        throw .notBuilt
    }
    package func control(_ verb: ControlVerb, _ lane: LaneName) throws(LaneError) -> ControlReply { throw .notBuilt }
    package func look(_ lanes: [LaneName]) throws(LaneError) -> [LaneLook] { throw .notBuilt }
    /// All actions of a lane that are not settled, read in pages with plain commands.
    package func recover(_ lane: LaneName) throws(LaneError) -> [StoredAction] { throw .notBuilt }
    /// Redis's clock.
    package func serverTime() throws(LaneError) -> Instant { throw .notBuilt }
}

extension LaneError {
    static let notBuilt = LaneError.invalidRequest("expected a call that is built, got one that is not yet")
}
