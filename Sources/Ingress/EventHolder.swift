package import Lanes

/// What takes events and says which of them are safe: the lanes themselves, or the spool before them.
package protocol EventHolder: Sendable {
    /// One result for each event, in order. Events of one lane are held in the order in which they came.
    func hold(_ events: [LaneEvent]) async -> [AppendResult]
}

extension LaneAppender: EventHolder {
    package func hold(_ events: [LaneEvent]) async -> [AppendResult] {
        await append(events)
    }
}

extension SpoolingHolder: EventHolder {
    package func hold(_ events: [LaneEvent]) async -> [AppendResult] {
        await append(events)
    }
}
