internal import Contracts
package import Lanes

extension Topology {
    /// Every lane that may hold something of an account's people, and the generation under which it takes an order: those
    /// of its partition, or all where the account was moved, and every desk's. Empty for an account that is not there.
    package func lanes(ofPeopleOf account: String) -> [LanePlace] {
        guard let found = accounts[account] else { return [] }
        return lanes.filter { found.generation > 1 || $0.isDesk || $0.partition == found.partition.text }
            .map { LanePlace(lane: $0, generation: generation(of: $0)) }
    }
}
