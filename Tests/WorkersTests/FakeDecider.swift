import Contracts
import Conversations
import Instants
import Workers

/// A decider that does what a message's text says, so that a test can see order, timers and actions in the results.
///
/// `send` makes a send, `fetch` a fetch of class background; `reply C [AGENT]` and `hide C [AGENT]` one for comment C, by an agent if one is named; `send-until N` one that ends N ms after now; `timer N NAME` arms a timer N ms after the entry's
/// instant; `boom` throws, `late-boom` only after it took the state; `cancel` cancels the last send. Each result's rule is `CONTACT:TEXT#DECISIONS`.
enum FakeDecider {
    struct Boom: Error {}

    static let decider = Decider { id, own, _, input, now, _, _ in
        if case .event(let event, _, _) = input, event.message.text == "late-boom" {
            own = nil
            throw Boom()
        }
        var decision = Decision(
            own: own ?? EntityState(), parent: nil, actions: [], cancels: [], openItem: .unchanged,
            result: DecisionResult(), changesStates: true)
        decision.own.decisions += 1
        decision.own.lastNow = now.milliseconds
        decision.result.conversation = id.text
        decision.result.now = now.milliseconds
        decision.result.verdict = .decided
        switch input {
        case .timer(let timer):
            decision.own.timers.removeAll { $0 == timer }
            decision.result.timer = timer.subject
            decision.result.rule = "timer \(timer.subject)#\(decision.own.decisions)"
        case .event(let event, let position, let at):
            decision.result.event = event.id
            decision.result.entryMs = position.entry.milliseconds
            decision.result.entrySequence = UInt32(clamping: position.entry.sequence)
            decision.result.index = UInt32(position.index)
            try obey(event, id, at, now, &decision)
        }
        return decision
    }

    private static func obey(
        _ event: Event, _ id: EntityID, _ at: Instant, _ now: Instant, _ decision: inout Decision
    ) throws {
        let count = decision.own.decisions
        guard case .message(let message) = event.kind else {
            if case .outcome(let outcome) = event.kind { decision.result.rule = "\(outcome.status)#\(count)" }
            return
        }
        decision.result.rule = "\(event.contact):\(message.text)#\(count)"
        let words = message.text.split(separator: " ").map(String.init)
        switch words.first {
        case "boom": throw Boom()
        case "send", "tell": send(event, id, words, now, &decision)
        case "fetch":
            send(event, id, ["send"], now, &decision)
            decision.actions[0].kind = .fetch
            decision.actions[0].class = .background
            decision.actions[0].actionID = ActionID(conversation: id, cause: event.id, kind: .fetch, n: 0)
        case "reply", "hide": onComment(event, id, words, now, &decision)
        case "timer":
            var timer = ArmedTimer()
            timer.kind = .quiet
            timer.dueAt = at.milliseconds + (Int64(words[1]) ?? 0)
            timer.subject = words[2]
            decision.own.timers.append(timer)
        case "cancel":
            decision.cancels = decision.own.conversation.promises.map {
                ActionID(high: $0.actionHigh, low: $0.actionLow)
            }
        case "grow":
            decision.own.conversation.agent = String(repeating: "x", count: Int(words[1]) ?? 0)
        default: break
        }
    }

    private static func onComment(
        _ event: Event, _ id: EntityID, _ words: [String], _ now: Instant, _ decision: inout Decision
    ) {
        send(event, id, ["send"], now, &decision)
        let kind: Action.Kind = words[0] == "hide" ? .hide : .reply
        decision.actions[0].kind = kind
        decision.actions[0].actionID = ActionID(conversation: id, cause: event.id, kind: kind, n: 0)
        decision.actions[0].comment = words[1]
        if words.count > 2 { decision.actions[0].agent = words[2] }
    }

    private static func send(
        _ event: Event, _ id: EntityID, _ words: [String], _ now: Instant, _ decision: inout Decision
    ) {
        var action = Action()
        action.actionID = ActionID(conversation: id, cause: event.id, kind: .send, n: 0)
        action.kind = words[0] == "tell" ? .tell : .send
        action.conversation = id.text
        action.cause = event.id
        action.orderKey = id.text
        action.class = .answer
        action.decidedAt = now.milliseconds
        action.account = event.account
        action.contact = event.contact
        action.text = "hello"
        action.rule = "fake"
        if words.count > 1, let time = Int64(words[1]) { action.notAfter = now.milliseconds + time }
        if words.count > 2, let time = Int64(words[2]) { action.notBefore = now.milliseconds + time }
        decision.actions = [action]
        var last = Promise()
        last.actionHigh = action.idHigh
        last.actionLow = action.idLow
        decision.own.conversation.promises = [last]
    }
}
