import BusinessTime
import Contracts
import Conversations
import Instants

/// I4, I6, I7 and I10: when something may be said, and which times are stated.
enum TimeJudges {
    private static let window = Duration.seconds(86_400)

    static func periods(_ history: History) -> Judgement {
        var judgement = Judgement()
        var given: [EntityID: [DecisionResult]] = [:]
        for step in history.steps {
            if step.result.rule == "suppressed.already_told" { judgement.atStake += 1 }
            guard step.result.closedUntil > 0,
                // Of a text in pieces the last one counts: until then no time is told.
                let text = step.automaticTexts.last, !history.surelyFailed(text.actionID)
            else { continue }
            let result = step.result
            judgement.expect(
                given[step.id, default: []].allSatisfy {
                    $0.closedFrom >= result.closedUntil || result.closedFrom >= $0.closedUntil
                }, "two texts in one night of \(step.id)")
            given[step.id, default: []].append(result)
        }
        return judgement
    }

    static func ends(_ history: History) -> Judgement {
        var judgement = Judgement()
        var newest: [EntityID: Int64] = [:]
        for step in history.steps {
            note(step, &newest)
            for action in step.decision.actions {
                guard [.send, .reply, .privateReply].contains(action.kind) else { continue }
                judgement.expect(action.notAfter > action.decidedAt, "\(action.rule) is late when it is decided")
                let customer = Instant(milliseconds: newest[step.id] ?? action.decidedAt)
                if action.agent.isEmpty, step.result.closedUntil > 0, action.notAfter > step.result.closedUntil {
                    judgement.find("an after-hours text may go after the opening")
                }
                if !action.agent.isEmpty, action.kind == .send, action.notAfter > (customer + window * 7).milliseconds {
                    judgement.find("a person's text may go after seven days")
                }
                if action.kind == .privateReply,
                    action.notAfter > (Instant(milliseconds: step.result.happenedAt) + window * 7).milliseconds
                {
                    judgement.find("a private message may go after seven days")
                }
            }
        }
        for (id, outcome) in history.outcomes where outcome.status == .delivered {
            guard let action = history.texts.first(where: { $0.actionID == id }) else { continue }
            if history.scene.decisions[outcome.decision].result.now > action.notAfter {
                judgement.find("the tests' own courier is late")
            }
        }
        return judgement
    }

    /// Within the standard window no tag is needed; automation may not write after it.
    static func windows(_ history: History) -> Judgement {
        var judgement = Judgement()
        var newest: [EntityID: Int64] = [:]
        for step in history.steps {
            note(step, &newest)
            for action in step.decision.actions where action.kind == .send {
                if !action.agent.isEmpty {
                    let end = (Instant(milliseconds: newest[step.id] ?? 0) + window).milliseconds
                    if action.windowEnds != 0, action.windowEnds != end {
                        judgement.find("a window that ends elsewhere")
                    }
                    if action.windowEnds == 0, newest[step.id] != nil, action.decidedAt >= end {
                        judgement.find("a person's late text that nobody will tag")
                    }
                    if action.class != .person { judgement.find("a person's text of class \(action.class)") }
                    continue
                }
                let customer = Instant(milliseconds: newest[step.id] ?? 0)
                judgement.expect(
                    action.notAfter <= (customer + window).milliseconds && action.class != .person
                        && action.windowEnds == 0,
                    "\(action.rule) may be sent after the standard window")
            }
        }
        return judgement
    }

    /// When each customer last did something, told without looking at states.
    private static func note(_ step: Step, _ newest: inout [EntityID: Int64]) {
        switch step.event?.kind {
        case .message, .postback, .reaction:
            guard step.event?.contact != "shop", step.result.verdict != .duplicate else { return }
            newest[step.id] = max(newest[step.id] ?? 0, step.result.happenedAt)
        default: return
        }
    }

    static func statedTimes(_ history: History) -> Judgement {
        var judgement = Judgement()
        for step in history.steps {
            for mark in step.result.promises where mark.standing == 1 {
                let opening = Instant(milliseconds: step.result.closedUntil)
                judgement.expect(
                    mark.dueAt >= (opening + .seconds(3_600)).milliseconds, "due before the work could be done")
                let isPrivate = step.id.kind == .messages
                let zone = isPrivate && history.buyers.contains("anna") ? ZoneRules.utc : history.shop.zone
                let local = zone.localTime(of: Instant(milliseconds: mark.dueAt))
                if local.secondOfDay % 1_800 != 0 { judgement.find("due at second \(local.secondOfDay) of the day") }
                let clock = two(local.secondOfDay / 3_600) + ":" + two(local.secondOfDay / 60 % 60)
                let text = step.text(isPrivate ? .send : .reply)
                if !text.holds("no later than: \(clock)") { judgement.find("due at \(clock), told: \(text)") }
                let instants = zone.instants(for: local.date, secondOfDay: local.secondOfDay)
                if instants.opening.milliseconds != mark.dueAt { judgement.find("the told time is another instant") }
            }
        }
        return judgement
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
