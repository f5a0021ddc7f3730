package import Lanes

/// What takes events and says which of them are safe: the lanes themselves, or the spool before them.
package protocol EventHolder: Sendable {
    /// One result for each event, in order. Events of one lane are held in the order in which they came.
    func hold(_ events: [LaneEvent]) async -> [AppendResult]
    /// The same for producers, who rather hear that a lane cannot take an event than have it wait on disk.
    func offer(_ events: [LaneEvent]) async -> [AppendResult]
}

extension EventHolder {
    package func offer(_ events: [LaneEvent]) async -> [AppendResult] { await hold(events) }
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
