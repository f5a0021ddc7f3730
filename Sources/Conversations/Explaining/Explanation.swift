package import Contracts
internal import Instants

/// One sentence for a result, for agents and auditors. Says which rule decided, on what, and what it led to; no
/// customer's text.
package enum Explanation {
    package static func sentence(for result: DecisionResult) -> String {
        var text = "At \(Instant(milliseconds: result.now)) "
        let fired = "the timer \(timer(result.timer)) of \(result.conversation) fired"
        text += result.timer.isEmpty ? event(result) : fired
        text += ": " + reason(result)
        if result.cutFrom > 0 { text += "; its text of \(result.cutFrom) was cut at what the channel takes" }
        if !result.abstained.isEmpty { text += "; a frequent question was not answered (\(result.abstained))" }
        if !result.spans.isEmpty { text += "; found " + result.spans.map(span).joined(separator: ", ") }
        for mark in result.promises { text += "; " + promise(mark) }
        if !result.team.isEmpty { text += "; the team \(result.team) has it" }
        if !result.called.isEmpty { text += "; \(result.called) was called" }
        if !result.actions.isEmpty {
            let count = result.actions.count / 2
            text += "; it made \(count) action\(count == 1 ? "" : "s")"
        }
        for signal in result.signals {
            text += "; it read the signal \(signal.name) = \(signal.value) of \(Instant(milliseconds: signal.at))"
        }
        return text + "."
    }

    private static func event(_ result: DecisionResult) -> String {
        let kind = result.kind.isEmpty ? "event" : result.kind.replacing("_", with: " ")
        return "the \(kind) \(result.event) in \(result.conversation) was decided"
    }

    private static func timer(_ name: String) -> String {
        let parts = name.split(separator: "@")
        guard parts.count == 2, let due = Int64(parts[1]) else { return name }
        return "\(parts[0].replacing("_", with: " ")), due \(Instant(milliseconds: due)),"
    }

    private static func reason(_ result: DecisionResult) -> String {
        switch result.verdict {
        case .duplicate: return "it had been decided before, so nothing changed"
        case .lateUnknown:
            return "it is older than everything remembered, so people see it and nothing answers it automatically"
        case .dead: return "it could not be decided and was set aside (\(result.rule))"
        case .decided, .unspecified, .UNRECOGNIZED: break
        }
        if let known = reasons[result.rule] { return known + closed(result) }
        if result.rule.hasPrefix("faq.") {
            return "the question \"\(result.rule.dropFirst(4))\" was recognised and answered"
        }
        if result.rule.hasPrefix("suppressed.") {
            let why = String(result.rule.dropFirst(11))
            return "no after-hours reply, because " + (suppressions[why] ?? why.replacing("_", with: " "))
        }
        return "rule \(result.rule)" + closed(result)
    }

    private static func closed(_ result: DecisionResult) -> String {
        guard result.closedUntil > result.closedFrom else { return "" }
        let from = Instant(milliseconds: result.closedFrom)
        let teams = result.servedBy.isEmpty ? "" : " by the hours of " + result.servedBy.joined(separator: ", ")
        return " (closed from \(from) until \(Instant(milliseconds: result.closedUntil))\(teams))"
    }

    private static func span(_ span: TextSpan) -> String {
        "\(span.class) by \(span.rule) at bytes \(span.start)..<\(span.end)"
    }

    private static func promise(_ mark: PromiseMark) -> String {
        let due = Instant(milliseconds: mark.dueAt)
        return switch Promise.Standing(rawValue: Int(mark.standing)) {
        case .made: "an answer was promised by \(due)"
        case .binding: "the promise for \(due) binds, its text was or may have been delivered"
        case .kept: "the promise for \(due) is kept"
        case .broken: "the promise for \(due) is broken"
        case .renewed: "the promise for \(due) is replaced by a later one"
        case .void: "the promise for \(due) is void, its text never reached the customer"
        default: "the promise for \(due) stands as \(mark.standing)"
        }
    }

    private static let suppressions: [String: String] = [
        "already_told": "this conversation already got one in this closed period",
        "person_active": "a person wrote a moment ago",
        "late": "the event came too late to be spoken to as if it were new",
        "public": "under a post people answer, not a canned text",
        "foreign": "another app or the platform's inbox owns the thread",
        "window_closed": "the channel's messaging window is closed",
        "unreachable": "the platform has nobody there to write to",
        "loop": "the other side writes like a machine, so nothing automatic is said for a day",
        "automation_off": "automation is switched off here",
        "no_after_hours": "the market has no after-hours reply",
    ]

    private static let reasons: [String: String] = [
        "after_hours.promise": "the team is closed, so the customer was told when a person will answer",
        "after_hours.promise.person_only":
            "the team is closed; the promised time lies behind the automatic window, so only a person can keep it",
        "after_hours.renewed":
            "the team is closed again and the earlier promise was not kept, so it was renewed with an apology",
        "after_hours.infeasible":
            "the team opens only after the channel's window ends, so no time was promised and a person was called",
        "after_hours.no_opening":
            "no opening was found within the horizon, so no time was promised and a person was called",
        "safety": "the words speak of violence or self-harm, so a person was called at once",
        "sensitive": "the words touch what only people may answer",
        "moderation.spam": "it is proven spam and no criticism, so it was taken out of sight",
        "moderation.competitor_link": "it leads to a competitor and is no criticism, so it was hidden",
        "moderation.undo": "its new words give no reason to hide it, so it is shown again",
        "shadow.moderation.spam": "it is proven spam; the rule only watches here, so a person sees it",
        "shadow.moderation.competitor_link":
            "it leads to a competitor; the rule only watches here, so a person sees it",
        "moderation.person.suspicion": "it looks odd without proof, so a person decides",
        "moderation.person.unguarded": "its language has no guard against hiding criticism, so a person decides",
        "moderation.person.private": "messages in private are never hidden, so a person decides",
        "moderation.person.cut": "only a part of the text is known, so a person decides",
        "moderation.person.aggrieved": "the customer complained here before, so a person decides",
        "moderation.person.bought": "who writes here has bought, so a person decides",
        "public.praise": "praise under a post was thanked for",
        "public.complaint": "a complaint under a post got a word in public, and a person sees it",
        "acknowledgement": "the team is there and the customer was told that the message is being read",
        "first_response.missed": "nobody has answered within the market's target, so the desk was told",
        "quiet.resolved": "the customer was quiet for as long as the market waits, so the conversation is resolved",
        "ad_question.unanswered": "nobody has answered the question under the running ad in time, so the desk was told",
        "ad_question.paused": "the ad does not run any more, so its question waits like any other",
        "promise.clock_check":
            "the promise lies a day ahead, and the told time was held against the zone rules in force",
        "desk.handover": "the desk got the conversation from a team that has gone, and calls until it is acknowledged",
        "desk.spike": "complaints under a post are far more than usual, so the desk calls at once, whatever the hour",
        "desk.spike.same_incident": "another post of an incident that the desk knows already",
        "desk.spike.over": "no alarm came for a day, so the incident is over",
        "desk.digest": "the calls that the desk had gathered went out together",
        "desk.claimed": "a person took what the desk had called for",
        "desk.closed": "a person closed the matter",
        "desk.acknowledged": "a person has taken everything that the desk had called for, so nobody else is called",
        "handover": "the team that had it has gone, so it passed to one that is there and must acknowledge it",
        "handover.stays": "the team that has it is there",
        "handover.nobody": "nobody is there who could take it over, so it waits for the next opening",
        "handover.person_active": "a person wrote a moment ago and keeps it for now",
        "timer.settled": "what the timer stood for is settled already",
        "desk.step": "nobody has acknowledged, so the next one of the ladder was called",
        "rating.1": "the customer was not satisfied at all, so a person sees it",
        "rating.2": "the customer was not satisfied, so a person sees it",
        "rating.3": "the customer gave a middling mark", "rating.4": "the customer was satisfied",
        "rating.5": "the customer was very satisfied",
        "in_hours": "the team is open, so the conversation waits for a person",
        "noted": "it was noted and asks for nothing automatic",
        "agent_reply": "a person's reply was sent on its way",
        "promise.pre_breach": "nobody has answered and the promise comes due soon, so the desk was told",
        "promise.due": "the promised instant has come without a person's answer",
        "promise.held": "a person's reply stands in the log before the promise was due and is being sent",
        "promise.undelivered":
            "a person's reply was written in time and is still not delivered, since its account is paused or stopped or the "
            + "platform does not answer; so the desk was called, and the promise is not counted as broken yet",
        "outcome.delivered": "the channel has what was sent",
        "outcome.ambiguous": "nobody can tell whether the channel has what was sent",
        "outcome.failed": "the channel refused what was sent",
        "outcome.unreachable":
            "the platform has nobody there to write to, so nothing automatic is said until the customer writes, and a "
            + "person decides about what was promised",
        "outcome.expired": "it could not be sent in time, so it was dropped",
        "outcome.already_done": "another conversation with the same comment had done it already",
        "outcome.window_closed": "the channel's window was closed, so it is a person's task",
        "edited": "the customer changed the text",
        "removed": "the customer took it back, so what waited as its answer was cancelled",
        "reaction": "a reaction asks for no answer",
        "emoji_only": "emoji alone ask for no answer",
        "thread.ours": "the platform gave the thread back to us",
        "thread.foreign": "another app or the platform's inbox took the thread, so Nightshift keeps silent",
        "thread.requested": "another app asks for the thread",
        "standby": "another app or the platform's inbox owns the thread, so people see it and nothing answers",
        "moderation_echo": "the platform tells that a comment was hidden or shown, as Nightshift did",
        "hidden_by_person": "a person hid the comment, so nobody waits for its answer",
        "shown_by_person": "a person showed the comment again, so automation hides it no more",
        "moderation.person.kept": "automation may not hide it here, so a person decides",
        "mention": "somebody named the account elsewhere, so a person looks at it",
        "receipt.read": "the customer has seen what was written up to then; nothing waits or ends by that",
        "receipt.delivered": "what was written up to then has reached the customer's device",
        "receipt.known": "it says no more than what is known",
        "mention.read": "the platform gave the words of the mention, and people see them",
        "mention.own": "the account named itself, so nobody has to look at it",
        "mention.gone": "the mention was taken back before its words came",
        "own_echo": "it is the echo of what Nightshift sent",
        "inbox_echo": "a person answered in the platform's own inbox",
        "inbox_echo.automatic":
            "the platform's own instant reply or away message answered, which holds and keeps nothing",
        "inbox_echo.in_doubt":
            "the platform's inbox answered so fast that it may not have been a person: automation is silent, a promise "
            + "counts as kept, and the team still sees the question",
        "agent_reply.too_long": "the text is longer than can be sent, so nothing of it was, and it is before the team",
        "foreign_echo": "another app wrote to the customer, so Nightshift keeps silent for a while",
        "claim": "a person took the conversation",
        "claim.taken": "another person has the conversation already; the desk calls nobody else",
        "resolve": "a person closed the conversation",
        "overtaken": "a newer message of the customer had been decided before it",
    ]
}
