import Contracts
import Conversations
import Instants

/// I5, I8 and I9: what is done to comments and their authors.
enum CommentJudges {
    static func privateReplies(_ history: History) -> Judgement {
        var judgement = Judgement()
        var told: Set<String> = []
        for step in history.steps {
            if let comment = step.comment, told.contains(comment.id), comment.text.holds("order") {
                judgement.atStake += 1
            }
            for action in step.decision.actions where action.kind == .privateReply {
                if !told.insert(action.comment).inserted {
                    judgement.find("two private messages about \(action.comment)")
                }
            }
        }
        return judgement
    }

    static func criticism(_ history: History) -> Judgement {
        var judgement = Judgement()
        var complained: Set<EntityID> = []
        for step in history.steps {
            guard let comment = step.comment, step.event?.contact != "shop", step.result.verdict != .duplicate else {
                continue
            }
            let isCritical = History.criticism.contains { comment.text.holds($0) }
            let isBuyers = history.buyers.contains(step.event?.contact ?? "")
            if isCritical || isBuyers || complained.contains(step.id),
                comment.text.holds(History.spam) || comment.text.holds(History.rival)
            {
                judgement.expect(takenAway(step).isEmpty, "\(comment.id) is taken away: \(comment.text)")
            }
            if isCritical, !takenAway(step).isEmpty { judgement.find("criticism is taken away") }
            if comment.text.holds("never arrived"), step.result.rule != "removed" { complained.insert(step.id) }
        }
        return judgement
    }

    static func evidence(_ history: History) -> Judgement {
        var judgement = Judgement()
        for step in history.steps {
            for action in takenAway(step) {
                let proofs = step.result.spans.filter { ["spam", "competitor_link"].contains($0.class) }
                judgement.expect(!proofs.isEmpty, "\(action.comment) is taken away without a span")
                if action.rule.isEmpty || action.rule != step.result.rule { judgement.find("no rule says why") }
                if step.result.event.isEmpty || step.result.entryMs == 0 { judgement.find("no event is the evidence") }
                if step.comment?.id != action.comment { judgement.find("another comment is taken away") }
                let mark = step.decision.own.conversation.comments.first { $0.id == action.comment }
                switch action.kind {
                case .delete:
                    // No way back: only where the market asks for it, and never for a mere link.
                    if action.rule != "moderation.spam" || history.shop.moderation.spam != .delete {
                        judgement.find("\(action.comment) is deleted by \(action.rule)")
                    }
                default:
                    if mark?.hidden != true { judgement.find("\(action.comment) is hidden and nobody could undo it") }
                }
            }
        }
        return judgement
    }

    private static func takenAway(_ step: Step) -> [Action] {
        step.decision.actions.filter { ($0.kind == .hide || $0.kind == .delete) && $0.agent.isEmpty }
    }
}
