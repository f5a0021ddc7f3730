import Contracts
import Instants

/// What people decide about a conversation without writing to the customer. None of it holds or keeps a promise.
extension Turn {
    mutating func decide(claim: Claim) {
        guard talk.agent.isEmpty || talk.agent == claim.agent else {
            // The first in the log has it; `assign` moves it. But whoever was called and says so is enough for the desk.
            result.rule = "claim.taken"
            if talk.escalated { tell(.claimed, rule: "claim.taken", due: nil) }
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
        case .sweep: result.rule = "command.sweep"
        case .enforced: result.rule = "command.enforced"
        case .unspecified, .UNRECOGNIZED: result.rule = "command.unknown"
        }
    }

    /// Tells the team's desk about this conversation. The tell carries the decision count, so an older one that arrives
    /// later is a duplicate there. So would be a second one of the same decision: a decision tells a desk once, and its last
    /// word counts, which knows of those before. A matter that began and ended with one decision calls nobody.
    mutating func tell(
        _ matter: Told.Matter, _ class: Action.Class = .promiseNear, rule: String, due: Instant?, facts: String = ""
    ) {
        if matter == .escalation || matter == .brokenPromise || matter == .handover {
            if !talk.escalated, matter != .handover { findTeam() }
            talk.escalated = true
        }
        let (team, instant) = (self.team, now.milliseconds)
        var told = Told()
        told.origin = id.text
        told.decisions = state.decisions
        told.matter = matter
        told.rule = rule
        told.market = market.name
        told.language = languageTag
        told.channel = rules.account.channel
        told.dueAt = due?.milliseconds ?? 0
        told.facts = facts
        let target = EntityID.matter(team: team, conversation: id).text
        if let earlier = actions.firstIndex(where: { $0.kind == .tell && $0.event.conversation == target }) {
            actions[earlier].class = `class`
            actions[earlier].rule = rule
            actions[earlier].event.told = told
            return
        }
        act(.tell, `class`) { action in
            var event = Event()
            event.id = action.actionID.description
            event.account = action.account
            event.happenedAt = instant
            event.receivedAt = instant
            event.conversation = target
            event.told = told
            action.team = team
            action.rule = rule
            action.event = event
        }
    }
}
