import Contracts

/// What the inbox shows of a conversation. Compared before and after a decision, so that its line is written only when
/// it changes.
struct OpenFacts: Equatable {
    private let isListed: Bool
    private let waitingSince: Int64
    private let dueAt: Int64
    private let isEscalated: Bool
    private let isLate: Bool
    private let agent: String
    private let team: String
    private let isVIP: Bool
    private let reason: String

    init(_ talk: Conversation) {
        var due: Int64 = 0
        for promise in talk.promises where promise.standing.isOpen {
            due = due == 0 ? promise.dueAt : min(due, promise.dueAt)
        }
        // An open promise is owed even if somebody has closed the conversation.
        isListed = talk.status == .waitingTeam || due != 0
        waitingSince = talk.waitingSince
        dueAt = due
        isEscalated = talk.escalated
        isLate = talk.late
        agent = talk.agent
        team = talk.team
        isVIP = talk.vip
        reason = talk.unsent
    }

    func change(to after: OpenFacts, of id: EntityID, language: () -> String) -> OpenItemChange {
        if !after.isListed { return isListed ? .remove : .unchanged }
        guard self != after else { return .unchanged }
        var item = OpenItem()
        item.conversation = id.text
        item.waitingSince = after.waitingSince
        item.dueAt = after.dueAt
        item.language = language()
        item.escalated = after.isEscalated
        item.agent = after.agent
        item.late = after.isLate
        item.team = after.team
        item.vip = after.isVIP
        item.reason = after.reason
        return .set(item)
    }
}
