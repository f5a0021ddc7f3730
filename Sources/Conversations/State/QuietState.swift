package import Contracts
package import Instants

/// Whether a state may go, since nothing is left of what it stands for.
package enum QuietState {
    /// True only if nothing was decided since `before`, no timer is armed, and, in a conversation, nobody waits, no promise
    /// is open, nothing is on its way and no desk has it. A state that does not say when it was last decided stays, and so
    /// do those of desks and their matters: they hold counts.
    package static func mayGo(_ state: EntityState, before: Instant) -> Bool {
        guard state.lastNow > 0, state.lastNow < before.milliseconds, state.timers.isEmpty else { return false }
        switch state.entity {
        case .conversation(let conversation): return isOver(conversation)
        case .post: return true
        case .matter, .desk, nil: return false
        }
    }

    private static func isOver(_ conversation: Conversation) -> Bool {
        conversation.pending.isEmpty && conversation.held.isEmpty && !conversation.escalated
            && conversation.waitingSince == 0 && conversation.status != .waitingTeam
            && !conversation.promises.contains { $0.standing.isOpen }
    }
}
