import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf

/// An account that the platform is asked for again and again what its webhooks left out.
struct SweptAccount: Sendable {
    let id: String
    /// From one sweep to the next; nil: only when somebody says so.
    let every: Duration?
    let includesMessages: Bool

    init(_ account: AccountPolicy, _ channel: ChannelPolicy?) {
        id = account.id
        every = channel?.sweep
        includesMessages = channel?.sweepsMessages == true
    }

    /// Every account of a policy, by id.
    static func all(_ policy: Policy) -> [SweptAccount] {
        policy.accounts.values.sorted { $0.id < $1.id }.map { SweptAccount($0, policy.channels[$0.channel]) }
    }
}

extension LaneStore {
    /// How far the sweeps of accounts have come, by what their own entities keep, in the order of the accounts; none where none
    /// has begun. Redis: O(accounts), pipelined.
    func sweepReaches(
        of accounts: [SweptAccount], in topology: Topology
    ) throws -> [AccountFact<SweepReach>] {
        let places = accounts.map { account in
            let entity = EntityID.watch(of: account.id)
            return (entity: entity, lane: topology.place(of: entity.laneKey)?.lane)
        }
        let asked = places.compactMap { place in place.lane.map { (lane: $0, entities: [place.entity]) } }
        var answers = try states(asked)[...]
        return zip(accounts, places).map { account, place in
            // One that the topology does not have yet.
            guard place.lane != nil, let answer = answers.popFirst() else { return .known(nil) }
            guard let found = answer else { return .away }
            guard let bytes = found.first.flatMap(\.self) else { return .known(nil) }
            guard let state = try? EntityState(serializedBytes: bytes) else { return .away }
            let reach = SweepReach(state.post.watch, includesMessages: account.includesMessages)
            // One that is watched, and asked for nothing, was not swept since then.
            return .known(account.every == nil && state.post.watch.sweptUntil == 0 ? nil : reach)
        }
    }
}
