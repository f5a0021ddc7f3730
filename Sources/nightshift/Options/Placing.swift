import Contracts
import Conversations
import Lanes
import SwiftProtobuf

extension Topology {
    /// An event as it goes to the lane that its conversation has now.
    ///
    /// - Parameter bytes: what is appended, if it is not the event written anew.
    /// - Throws: `RoutingError` if the event names no conversation, or an account that the topology lacks.
    func laneEvent(_ event: Event, bytes: [UInt8]? = nil) throws -> LaneEvent {
        let key = try EntityID.of(event).laneKey
        guard let place = place(of: key) else { throw RoutingError.unknownAccount(event.account) }
        return LaneEvent(
            lane: place.lane, id: event.id, bytes: try bytes ?? event.serializedBytes(), key: key.text,
            generation: place.generation, topology: number)
    }
}
