import Contracts
import Instants

extension DecisionResult {
    /// The record of a decision about an event, before anything is decided.
    init(_ id: EntityID, event: Event, position: Position, arrival: Arrival, now: Instant) {
        self.init()
        entryMs = position.entry.milliseconds
        entrySequence = UInt32(clamping: position.entry.sequence)
        index = UInt32(clamping: position.index)
        self.event = event.id
        conversation = id.text
        self.now = now.milliseconds
        verdict = .decided
        happenedAt = arrival.happened.milliseconds
        receivedAt = arrival.received.milliseconds
        late = arrival.isLate
        clockFlagged = arrival.isFlagged
        kind = event.kindWord
    }
}

extension Decision {
    /// A repeated event: the states stay as they are, to the byte.
    static func duplicate(
        _ own: consuming EntityState, _ parent: consuming EntityState?, _ result: consuming DecisionResult
    ) -> Decision {
        result.verdict = .duplicate
        result.rule = "duplicate"
        return Decision(own: own, parent: parent, result: result, changesStates: false)
    }
}

extension Event {
    /// Names that reach a state are bounded, so that a state is (DESIGN.md, 32 KiB).
    func checkNames() throws(DecisionError) {
        try Self.check(id, "id", most: 1_024)
        try Self.check(account, "account")
        try Self.check(contact, "contact")
        switch kind {
        case .comment(let comment): try Self.check(comment.id, "comment.id")
        case .message(let message): try Self.check(message.ad, "message.ad")
        case .postback(let postback): try Self.check(postback.ad, "postback.ad")
        case .mention(let mention): try Self.check(mention.id, "mention.id")
        case .fetched(let fetched): try Self.check(fetched.target, "fetched.target")
        case .threadControl(let control): try Self.check(control.app, "thread_control.app")
        case .removal(let removal):
            // A comment's id is remembered, a message's only as a hash.
            let most = removal.post.isEmpty ? 1_024 : DecisionError.mostNameBytes
            try Self.check(removal.target, "removal.target", most: most)
        case .agentReply(let reply):
            try Self.check(reply.agent, "agent_reply.agent")
            try Self.check(reply.comment, "agent_reply.comment")
        case .claim(let claim): try Self.check(claim.agent, "claim.agent")
        case .command(let command): try Self.check(command.subject, "command.subject")
        default: break
        }
    }

    private static func check(
        _ name: String, _ field: String, most: Int = DecisionError.mostNameBytes
    ) throws(DecisionError) {
        guard name.utf8.count <= most else { throw .nameTooLong(field: field, bytes: name.utf8.count) }
    }
}
