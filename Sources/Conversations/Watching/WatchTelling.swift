import Contracts
import Instants

/// What an account's own entity tells its desk: webhooks that do not come, sweeps and looks that the platform refuses, and
/// what the platform does to the account. All of an account is one matter there; it is told once for each cause, and ends
/// with the last of them.
extension WatchTurn {
    /// The platform blocks or warns the account, or takes a block back, or calls met that it is stopped, or a person lets it go
    /// on; `told` is the measure and its reason.
    mutating func enforced(_ told: String) {
        let words = told.split(separator: " ", maxSplits: 1).map(String.init)
        let reason = words.count > 1 ? words[1] : "no reason told"
        switch words.first {
        case "block":
            result.rule = "enforced.block"
            forgetEnforcement()
            noteEnforcement()
            tellDesk(
                Self.enforcedRule,
                "the platform blocks account \(rules.account.id): \(reason); nothing is sent until it takes that back, or "
                    + "somebody lets the account go on with `actions release`, or \(Instant(milliseconds: watch.enforcedUntil))"
            )
        case "unblock":
            result.rule = "enforced.over"
            guard watch.enforced else { return }
            forgetEnforcement()
            ends("the platform blocks account \(rules.account.id) no longer")
        case "stop": stopped(reason)
        case "release":
            result.rule = "stopped.released"
            guard watch.enforced || watch.stoppedAt > 0 else { return }
            forgetEnforcement()
            watch.stoppedAt = 0
            ends("\(reason) lets account \(rules.account.id) go on")
        default:
            result.rule = "enforced.warning"
            tellDesk(
                Self.enforcedRule, "the platform warns account \(rules.account.id): \(reason); everything still goes")
        }
    }

    /// Every call that was under way says it, and once a day one that sees whether it still holds: people are called once.
    private mutating func stopped(_ reason: String) {
        result.rule = "stopped"
        let last = watch.stoppedAt
        watch.stoppedAt = now.milliseconds
        guard last == 0 || now - Instant(milliseconds: last) > Self.stopForgotten else { return }
        tellDesk(
            Self.stoppedRule,
            "account \(rules.account.id) is stopped: \(Self.short(reason)); nothing is sent until somebody has mended that and "
                + "lets the account go on with `actions release`")
    }

    /// What was asked for behind a stop, and answered, says that calls go again: a stopped account asks for nothing.
    mutating func goesOn(by fetched: Event) {
        guard watch.stoppedAt > 0, fetched.happenedAt > watch.stoppedAt else { return }
        watch.stoppedAt = 0
        ends("calls of account \(rules.account.id) go again")
    }

    /// The stop of a blocked account ends by itself, and with it the desk's matter: from then on the account's calls go, and one that the
    /// platform still refuses stops the account anew, which is told by itself.
    ///
    /// - Returns: whether it ended now.
    mutating func endEnforcement() -> Bool {
        guard watch.enforced else { return false }
        guard watch.enforcedUntil > 0 else {
            // An older worker took the block: its end is counted from here.
            noteEnforcement()
            return false
        }
        guard now.milliseconds >= watch.enforcedUntil else { return false }
        forgetEnforcement()
        result.rule = "enforced.lapsed"
        ends(
            "account \(rules.account.id), which the platform blocked \(PlatformBlock.lasts.components.seconds / 86_400) days ago, is "
                + "stopped no longer: nothing was heard of the block's end")
        return true
    }

    private mutating func noteEnforcement() {
        watch.enforced = true
        let end = now + PlatformBlock.lasts
        watch.enforcedUntil = end.milliseconds
        arm(at: end)
    }

    private mutating func forgetEnforcement() {
        let end = watch.enforcedUntil
        (watch.enforced, watch.enforcedUntil) = (false, 0)
        guard end > 0, let timer = state.timers.firstIndex(where: { $0.kind == .sweep && $0.dueAt == end }) else {
            return
        }
        state.timers.remove(at: timer)
    }

    /// A sweep that was refused, or not whole, moves nothing: the next one asks for its time too. After some in a row people
    /// hear of it, once, since what webhooks leave out meanwhile reaches nobody.
    mutating func refused(
        _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject, _ reason: String
    ) {
        result.rule = "sweep.refused"
        let wasTold = watch[keyPath: mark].isTold
        watch[keyPath: mark].refused = min(SweepMark.mostRefused, watch[keyPath: mark].refused) + 1
        guard !wasTold, watch[keyPath: mark].isTold else { return }
        let reach = max(watch[keyPath: mark].sweptUntil, watch.beganAt)
        tellDesk(
            Self.sweepRule,
            "sweeps of account \(rules.account.id) for \(subject.rawValue) are refused or not whole: what its webhooks left "
                + "out since \(reach == 0 ? "ever" : "\(Instant(milliseconds: reach))") is not known (\(Self.short(reason)))"
        )
    }

    private static func short(_ reason: String) -> String {
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

    private mutating func tellDesk(_ rule: String, _ facts: String, _ matter: Told.Matter = .escalation) {
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
