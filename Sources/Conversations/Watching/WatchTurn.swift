import Contracts
import Instants

/// An account's own entity, `p/<account>/<account>`: asks the platform, again and again, what its webhooks left out.
///
/// Problem: webhooks are best effort; those of comments under ads are lost by half (DOMAIN 4.4), and a platform unsubscribes
/// who was away for an hour without a word. Choice: a sweep is an action like any other, decided by a timer in the account's
/// own lane and carried by the courier, so limits and brakes hold for it and it dies with no process. It asks for everything
/// written since the last one that was completed, so after an outage of any length the next sweep fills the gap, and what
/// came by webhook as well is a duplicate by its id. Direct messages are asked for after each time in which the webhooks were
/// not subscribed, and always only where the channel's file says so. What was written before the account was first watched is nobody's gap:
/// its team has seen to it, and nothing automatic is said to it. Once an hour, also without sweeps, it asks whether the webhooks still
/// come. Rejected: a loop
/// in a process of its own, which would need a lease, limits and a memory of its own. How it fails: a sweep that cannot be
/// carried out moves nothing, and the next one asks for more, while the desk hears of those that never are; comments on posts that the platform does not list and of which
/// no webhook ever told stay unseen.
struct WatchTurn {
    /// What is younger may still come by webhook.
    static let settled = Duration.seconds(60)
    /// How far back a sweep looks at the most: private replies are possible for so long.
    static let farthest = Duration.seconds(7 * 86_400)
    /// So far a sweep of conversations looks back behind the end of the last one.
    static let overlap = Duration.seconds(900)
    static let subscriptionsEvery = Duration.seconds(3_600)
    /// A sweep of which nothing was heard for so long counts as lost.
    static let lost = Duration.seconds(6 * 3_600)
    static let rule = "account.unsubscribed"
    static let unsureRule = "account.app_unknown"
    static let sweepRule = "account.unswept"
    static let lookRule = "account.unwatched"
    static let enforcedRule = "account.enforced"
    static let stoppedRule = "account.stopped"
    /// Stands for the missing fields while nobody can say which come.
    static let unsure = "?"

    let id: EntityID
    let cause: String
    let now: Instant
    let rules: AccountRules
    var state: EntityState
    var watch: AccountWatch
    var actions: [Action] = []
    var result: DecisionResult

    init(
        _ id: EntityID, own: consuming EntityState?, cause: String, now: Instant, rules: AccountRules,
        result: consuming DecisionResult
    ) {
        self.id = id
        self.cause = cause
        self.rules = rules
        self.result = result
        var state = own.take() ?? EntityState()
        watch = state.post.watch
        self.now = max(now, Instant(milliseconds: state.lastNow))
        state.lastNow = self.now.milliseconds
        state.decisions &+= 1
        self.state = state
    }

    mutating func finished() -> Decision {
        result.now = now.milliseconds
        result.market = rules.market.name
        for action in actions {
            result.actions.append(action.idHigh)
            result.actions.append(action.idLow)
        }
        state.post.watch = watch
        return Decision(own: state, parent: nil, actions: actions, result: result, changesStates: true)
    }

    mutating func hear(_ event: Event) {
        result.rule = "noted"
        switch event.kind {
        case .command(let command) where command.verb == .sweep: start(isAtOnce: command.subject == "now")
        case .command(let command) where command.verb == .enforced: enforced(command)
        case .fetched(let fetched):
            take(fetched)
            if !fetched.refused { goesOn(by: event) }
        case .outcome(let outcome): take(outcome)
        default: break
        }
    }

    /// The interval is over, or a first sweep is due.
    mutating func fire(_ timer: ArmedTimer) {
        guard let armed = state.timers.firstIndex(of: timer) else {
            result.rule = "timer.settled"
            return
        }
        let isStops = endsStop(timer)
        state.timers.remove(at: armed)
        let blockEnded = endEnforcement(at: timer)
        let stopEnded = endStop(at: timer)
        guard let every = interval else {
            if !blockEnded, !stopEnded { result.rule = "sweep.off" }
            return
        }
        // The timer of a stop's end begins no second row of sweeps, and no first one.
        guard !isStops, !state.timers.contains(where: isRecurring) else { return }
        arm(at: now + every)
        askForSubscriptions()
        if rules.channel.sweep != nil {
            sweep()
        } else if wantsGap(), begin(\.messages, .messages, isAsked: false) {
            result.rule = "sweep"
        }
    }

    /// From one look at the platform to the next; nil: the channel wants none.
    private var interval: Duration? {
        rules.channel.sweep ?? (rules.channel.watchesSubscriptions ? Self.subscriptionsEvery : nil)
    }

    /// Puts the sweeps in motion, spread over the interval so that a thousand accounts do not ask at once.
    private mutating func start(isAtOnce: Bool) {
        result.rule = "sweep.on"
        if !isAtOnce, watch.beganAt == 0, watch.comments.isUntouched, watch.messages.isUntouched {
            watch.beganAt = now.milliseconds
        }
        guard let every = interval else {
            result.rule = "sweep.off"
            if isAtOnce { lookNow() }
            return
        }
        if !state.timers.contains(where: isRecurring) {
            let part = Int64(StableHash.hash(id.text) % UInt64(max(1, every.wholeMilliseconds)))
            arm(at: now + .milliseconds(part))
        }
        if isAtOnce { lookNow() }
    }

    /// Whoever asks wants all, and what is there by now: behind a sweep that is under way another one follows.
    private mutating func lookNow() {
        askForSubscriptions(isForced: true)
        sweep(isAsked: true)
    }

    private mutating func askForSubscriptions(isForced: Bool = false) {
        guard isForced || rules.channel.watchesSubscriptions,
            now - Instant(milliseconds: watch.subscriptionsAskedAt) >= Self.subscriptionsEvery
        else { return }
        watch.subscriptionsAskedAt = now.milliseconds
        fetch(.subscriptions, within: Self.subscriptionsEvery)
        result.rule = "subscriptions.asked"
    }

    private mutating func sweep(isAsked: Bool = false) {
        let isSweeping = begin(\.comments, .comments, isAsked: isAsked)
        let wantsMessages = rules.channel.sweepsMessages || (isAsked ? watch.messages.isOwed : wantsGap())
        let isSweepingMessages = wantsMessages && begin(\.messages, .messages, isAsked: isAsked)
        result.rule = isSweeping || isSweepingMessages ? "sweep" : "sweep.under_way"
    }

    /// False while the last one of its kind is under way, and where nothing was written that it could look for.
    mutating func begin(
        _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject, isAsked: Bool
    ) -> Bool {
        let askedAt = watch[keyPath: mark].askedAt
        guard askedAt == 0 || now - Instant(milliseconds: askedAt) >= Self.lost else {
            if isAsked { watch[keyPath: mark].again = true }
            return false
        }
        let until = now - Self.settled
        guard until > Instant(milliseconds: watch.beganAt) else { return false }
        if isAsked || watch[keyPath: mark].again, subject == .comments {
            // As if the last day had not been swept, since a sweep of a day reads every post.
            let thorough = max(.epoch, until - .seconds(86_400))
            watch.sweptUntil = min(watch.sweptUntil, thorough.milliseconds)
        }
        watch[keyPath: mark].again = false
        watch[keyPath: mark].sweepingUntil = until.milliseconds
        watch[keyPath: mark].spoilt = false
        ask(mark, subject, resume: "")
        return true
    }

    private mutating func ask(
        _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject, resume: String
    ) {
        let until = watch[keyPath: mark].sweepingUntil
        let overlap = subject == .messages ? Self.overlap : .zero
        let swept = Instant(milliseconds: watch[keyPath: mark].sweptUntil) - overlap
        let began = Instant(milliseconds: watch.beganAt)
        let since = max(swept, began, Instant(milliseconds: until) - Self.farthest)
        let action = fetch(subject, within: Self.lost) { action in
            action.since = max(0, since.milliseconds)
            action.until = until
            action.earliest = began.milliseconds
            action.resume = resume
        }
        watch[keyPath: mark].actionHigh = action.high
        watch[keyPath: mark].actionLow = action.low
        watch[keyPath: mark].askedAt = now.milliseconds
    }

    /// - Parameter within: by when the next one is asked for, so that a paused account does not gather them.
    @discardableResult
    private mutating func fetch(
        _ subject: FetchSubject, within: Duration, _ fill: (inout Action) -> Void = { _ in }
    ) -> ActionID {
        var action = Action()
        action.kind = .fetch
        action.class = .background
        action.conversation = id.text
        action.cause = cause
        action.n = UInt32(clamping: actions.filter { $0.kind == .fetch }.count)
        action.orderKey = "\(id.text)/\(subject.rawValue)"
        action.decidedAt = now.milliseconds
        action.notAfter = (now + within).milliseconds
        action.account = rules.account.id
        action.subject = subject.rawValue
        action.actionID = ActionID(conversation: id, cause: cause, kind: .fetch, n: Int(action.n))
        fill(&action)
        actions.append(action)
        return action.actionID
    }

    private mutating func take(_ fetched: Fetched) {
        switch FetchSubject(rawValue: fetched.subject) {
        case .comments: takeSwept(fetched, \.comments, .comments)
        case .messages: takeSwept(fetched, \.messages, .messages)
        case .subscriptions: takeSubscriptions(fetched)
        default: result.rule = "fetched.unknown"
        }
    }

    private mutating func takeSwept(
        _ fetched: Fetched, _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject
    ) {
        guard watch[keyPath: mark].awaits(fetched.action) else {
            result.rule = "swept.late"
            return
        }
        watch[keyPath: mark].askedAt = 0
        guard fetched.until == 0, !fetched.resume.isEmpty else {
            takeLast(fetched, mark, subject)
            return follow(mark, subject)
        }
        result.rule = "swept"
        if !fetched.text.isEmpty { watch[keyPath: mark].spoilt = true }
        ask(mark, subject, resume: fetched.resume)
    }

    /// The sweep is over: whole, or not.
    private mutating func takeLast(
        _ fetched: Fetched, _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject
    ) {
        guard fetched.until > 0, !watch[keyPath: mark].spoilt else { return refused(mark, subject, fetched.text) }
        result.rule = "swept"
        watch[keyPath: mark].sweptUntil = max(watch[keyPath: mark].sweptUntil, fetched.until)
        guard watch[keyPath: mark].refused > 0 else { return }
        let wasTold = watch[keyPath: mark].isTold
        watch[keyPath: mark].refused = 0
        if wasTold { ends("sweeps of account \(rules.account.id) are whole again") }
    }

    /// Begins the sweep that somebody asked for while the one that just ended was under way, however that ended.
    private mutating func follow(_ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject) {
        guard watch[keyPath: mark].again else { return }
        _ = begin(mark, subject, isAsked: true)
    }

    /// An outcome comes behind the event that the fetch found, if it found anything.
    private mutating func take(_ outcome: Outcome) {
        guard outcome.status != .delivered else { return }
        for mark in [\AccountWatch.comments, \AccountWatch.messages] where watch[keyPath: mark].awaits(outcome.action) {
            result.rule = "sweep.failed"
            watch[keyPath: mark].askedAt = 0
            // One that expired was never made: its account is paused, or stopped, of which its desk was told.
            let subject: FetchSubject = mark == \.messages ? .messages : .comments
            switch outcome.status {
            case .failed, .ambiguous: refused(mark, subject, outcome.error)
            default: break
            }
            return follow(mark, subject)
        }
    }

    /// Leads from sweep to sweep.
    private func isRecurring(_ timer: ArmedTimer) -> Bool { timer.kind == .sweep && !endsStop(timer) }

    mutating func arm(at due: Instant) {
        var timer = ArmedTimer()
        timer.kind = .sweep
        timer.dueAt = due.milliseconds
        state.timers.append(timer)
    }
}
