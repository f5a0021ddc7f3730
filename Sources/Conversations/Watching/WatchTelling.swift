import Contracts
import Instants

/// What an account's own entity tells its desk: webhooks that do not come, sweeps and looks that the platform refuses, and
/// what the platform does to the account (`WatchStops`). All of an account is one matter there; it is told once for each cause,
/// and ends with the last of them.
extension WatchTurn {
    /// A sweep that was refused, or not whole, moves nothing: the next one asks for its time too. After some in a row people
    /// hear of it, once, since what webhooks leave out meanwhile reaches nobody.
    mutating func refused(
        _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject, _ reason: String
    ) {
        result.rule = "sweep.refused"
        let wasTold = watch[keyPath: mark].isTold
        watch[keyPath: mark].refused = min(SweepMark.mostCounted, watch[keyPath: mark].refused) + 1
        guard !wasTold, watch[keyPath: mark].isTold else { return }
        let reach = max(watch[keyPath: mark].sweptUntil, watch.beganAt)
        tellDesk(
            Self.sweepRule,
            "sweeps of account \(rules.account.id) for \(subject.rawValue) are refused or not whole: what its webhooks left "
                + "out since \(reach == 0 ? "ever" : "\(Instant(milliseconds: reach))") is not known (\(Self.short(reason))); "
                + "`accounts sweep` asks for it at once"
        )
    }

    static func short(_ reason: String) -> String {
        reason.isEmpty ? "no reason told" : String(reason.prefix(160))
    }

    mutating func takeSubscriptions(_ fetched: Fetched) {
        guard !fetched.refused else { return lookRefused(fetched.text) }
        let looksWereTold = watch.looksRefused >= AccountWatch.mostLooksRefused
        watch.looksRefused = 0
        guard !fetched.unsure else {
            result.rule = "subscriptions.unknown"
            if watch.missing != Self.unsure { tellDesk(Self.unsureRule, unsureFacts) }
            watch.missing = Self.unsure
            return
        }
        result.rule = fetched.text.isEmpty ? "subscriptions.complete" : "subscriptions.missing"
        let isNews = fetched.text != watch.missing
        // Kept until a look finds all of them, also where they were subscribed again: what never comes is told once.
        watch.missing = fetched.text
        if fetched.restored { sweepGap() }
        guard isNews || looksWereTold else { return }
        guard !fetched.text.isEmpty else { return ends("webhooks of account \(rules.account.id) come") }
        guard isNews else { return }
        tellDesk(
            Self.rule,
            "webhooks of account \(rules.account.id) did not come: \(fetched.text)"
                + (fetched.restored
                    ? "; they are subscribed again, and direct messages written meanwhile are asked for"
                    : "; subscribing them again was refused"))
    }

    private mutating func lookRefused(_ reason: String) {
        result.rule = "subscriptions.refused"
        guard watch.looksRefused < AccountWatch.mostLooksRefused else { return }
        watch.looksRefused += 1
        guard watch.looksRefused == AccountWatch.mostLooksRefused else { return }
        tellDesk(
            Self.lookRule,
            "nobody can tell whether webhooks of account \(rules.account.id) come: the platform refuses to say "
                + "(\(Self.short(reason)))")
    }

    /// The desk's matter ends once nothing of the account stands before it.
    mutating func ends(_ facts: String) {
        if !watch.isTold { tellDesk(Self.rule, facts, .closed) }
    }

    private var unsureFacts: String {
        "nobody can tell whether webhooks of account \(rules.account.id) come: apps are subscribed, and the platform does "
            + "not say which is ours; `app` in accounts.yaml does"
    }

    mutating func tellDesk(_ rule: String, _ facts: String, _ matter: Told.Matter = .escalation) {
        var told = Told()
        told.origin = id.text
        told.decisions = state.decisions
        told.matter = matter
        told.rule = rule
        told.market = rules.market.name
        told.language = rules.market.language
        told.channel = rules.account.channel
        told.dueAt = now.milliseconds
        told.facts = facts
        var action = Action()
        action.kind = .tell
        action.class = .safety
        action.conversation = id.text
        action.cause = cause
        action.orderKey = "\(id.text)/tell"
        action.decidedAt = now.milliseconds
        action.account = rules.account.id
        action.team = rules.market.team
        action.rule = rule
        action.actionID = ActionID(conversation: id, cause: cause, kind: .tell, n: 0)
        var event = Event()
        event.id = action.actionID.description
        event.account = rules.account.id
        event.happenedAt = now.milliseconds
        event.receivedAt = now.milliseconds
        event.conversation = EntityID.matter(team: rules.market.team, conversation: id).text
        event.told = told
        action.event = event
        actions.append(action)
    }
}
