import Contracts
import Conversations
import Instants

/// I11 and I12: how promises end, and who hears of it before.
enum PromiseJudges {
    private struct Key: Hashable {
        let id: EntityID
        let promise: String
    }

    static func ends(_ history: History) -> Judgement {
        var judgement = Judgement()
        var last: [Key: UInt32] = [:]
        for step in history.steps {
            for mark in step.result.promises {
                let key = Key(id: step.id, promise: mark.id)
                if let before = last[key], before > 2 { judgement.find("\(mark.id) settled twice") }
                if mark.standing > 6 || mark.standing == 0 { judgement.find("\(mark.id) has no standing") }
                last[key] = mark.standing
            }
        }
        for (key, standing) in last { judgement.expect(standing >= 3, "\(key.promise) of \(key.id) was forgotten") }
        for (id, state) in history.scene.states {
            for promise in state.conversation.promises where last[Key(id: id, promise: promise.id)] == nil {
                judgement.find("\(promise.id) of \(id) was never recorded")
            }
        }
        return judgement
    }

    static func calls(_ history: History) -> Judgement {
        var judgement = Judgement()
        var made: [Key: Int64] = [:]
        var held: Set<EntityID> = []
        var called: [EntityID: Set<Int64>] = [:]
        for step in history.steps {
            if step.result.rule == "promise.held" { held.insert(step.id) }
            for action in step.decision.actions where action.kind == .tell && action.event.told.matter == .escalation {
                if action.decidedAt < action.event.told.dueAt {
                    called[step.id, default: []].insert(action.event.told.dueAt)
                }
            }
            for mark in step.result.promises {
                let key = Key(id: step.id, promise: mark.id)
                if mark.standing == 1 { made[key] = step.result.now }
                guard mark.standing == 4, let at = made[key], mark.dueAt - at > 15 * 60_000 else { continue }
                judgement.expect(
                    called[step.id]?.contains(mark.dueAt) == true || held.contains(step.id),
                    "\(mark.id) of \(step.id) broke and nobody had been called")
            }
        }
        return judgement
    }
}
