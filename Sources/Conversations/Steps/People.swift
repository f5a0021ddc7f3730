import Contracts
import Instants

/// What people decide about a conversation without writing to the customer. None of it holds or keeps a promise.
extension Turn {
    mutating func decide(claim: Claim) {
        guard talk.agent.isEmpty || talk.agent == claim.agent else {
            // The first in the log has it; `assign` moves it.
            result.rule = "claim.taken"
            return
        }
        talk.agent = claim.agent
        result.rule = "claim"
        if talk.escalated { tell(.claimed, rule: "claim", due: nil) }
    }

    mutating func decide(resolve: Resolve, _ arrival: Arrival) {
        result.rule = "resolve"
        if isPublic {
            for index in talk.comments.indices { talk.comments[index].answered = true }
        }
        if talk.close(asOf: arrival.happened, as: .resolved) {
            talk.agent = ""
            stopFirstResponse()
            stopQuiet()
            closeMatter(rule: "resolve")
            askSatisfaction()
        }
    }

    mutating func decide(command: Command) {
        switch command.verb {
        case .assign:
            talk.agent = command.subject
            result.rule = "command.assign"
            if talk.escalated { tell(.claimed, rule: "command.assign", due: nil) }
        case .cancel:
            result.rule = "command.cancel"
            guard let action = ActionID(hex: command.subject) else { return }
            cancels.append(action)
            if let index = talk.pending.firstIndex(where: { $0.isCarrying(action) }) {
                talk.pending[index].cancelled = true
            }
        case .release:
            result.rule = "command.release"
            if ActionID(hex: command.subject) == nil { talk.agent = "" }
        case .forget: result.rule = "command.forget"
        case .replay: result.rule = "command.replay"
        case .unspecified, .UNRECOGNIZED: result.rule = "command.unknown"
        }
    }

    /// Tells the team's desk about this conversation. The tell carries the decision count, so an older one that arrives
    /// later is a duplicate there.
    mutating func tell(
        _ matter: Told.Matter, _ class: Action.Class = .promiseNear, rule: String, due: Instant?
    ) {
        if matter == .escalation || matter == .brokenPromise || matter == .handover {
            if !talk.escalated, matter != .handover { findTeam() }
            talk.escalated = true
        }
        let (team, marketName, channel) = (self.team, market.name, rules.account.channel)
        let language = languageTag
        let (origin, count, instant) = (id, state.decisions, now.milliseconds)
        act(.tell, `class`) { action in
            var told = Told()
            told.origin = origin.text
            told.decisions = count
            told.matter = matter
            told.rule = rule
            told.market = marketName
            told.language = language
            told.channel = channel
            told.dueAt = due?.milliseconds ?? 0
            var event = Event()
            event.id = action.actionID.description
            event.account = action.account
            event.happenedAt = instant
            event.receivedAt = instant
            event.conversation = EntityID.matter(team: team, conversation: origin).text
            event.told = told
            action.team = team
            action.rule = rule
            action.event = event
        }
    }
}
