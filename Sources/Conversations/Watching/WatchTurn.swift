import Contracts
import Instants

/// An account's own entity, `p/<account>/<account>`: asks the platform, again and again, what its webhooks left out.
///
/// Problem: webhooks are best effort; those of comments under ads are lost by half (DOMAIN 4.4), and a platform unsubscribes
/// who was away for an hour without a word. Choice: a sweep is an action like any other, decided by a timer in the account's
/// own lane and carried by the courier, so limits and brakes hold for it and it dies with no process. It asks for everything
/// written since the last one that was completed, so after an outage of any length the next sweep fills the gap, and what
/// came by webhook as well is a duplicate by its id. Once an hour, also without sweeps, it asks whether the webhooks still
/// come. Rejected: a loop
/// in a process of its own, which would need a lease, limits and a memory of its own. How it fails: a sweep that cannot be
/// carried out moves nothing, and the next one asks for more; comments on posts that the platform does not list and of which
/// no webhook ever told stay unseen.
struct WatchTurn {
    /// What is younger may still come by webhook.
    static let settled = Duration.seconds(60)
    /// How far back the first sweep looks, and any other at the most: private replies are possible for so long.
    static let farthest = Duration.seconds(7 * 86_400)
    /// So far a sweep of conversations looks back behind the end of the last one.
    static let overlap = Duration.seconds(900)
    static let subscriptionsEvery = Duration.seconds(3_600)
    /// A sweep of which nothing was heard for so long counts as lost.
    static let lost = Duration.seconds(6 * 3_600)
    static let rule = "account.unsubscribed"
    static let unsureRule = "account.app_unknown"
    /// Stands for the missing fields while nobody can say which come.
    private static let unsure = "?"

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
        case .fetched(let fetched): take(fetched)
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
        state.timers.remove(at: armed)
        guard let every = interval else {
            result.rule = "sweep.off"
            return
        }
        arm(at: now + every)
        askForSubscriptions()
        if rules.channel.sweep != nil { sweep() }
    }

    /// From one look at the platform to the next; nil: the channel wants none.
    private var interval: Duration? {
        rules.channel.sweep ?? (rules.channel.watchesSubscriptions ? Self.subscriptionsEvery : nil)
    }

    /// Puts the sweeps in motion, spread over the interval so that a thousand accounts do not ask at once.
    private mutating func start(isAtOnce: Bool) {
        result.rule = "sweep.on"
        guard let every = interval else {
            result.rule = "sweep.off"
            if isAtOnce { lookNow() }
            return
        }
        if !state.timers.contains(where: { $0.kind == .sweep }) {
            let part = Int64(StableHash.hash(id.text) % UInt64(max(1, every.wholeMilliseconds)))
            arm(at: now + .milliseconds(part))
        }
        if isAtOnce { lookNow() }
    }

    private mutating func lookNow() {
        askForSubscriptions(isForced: true)
        sweep()
    }

    private mutating func askForSubscriptions(isForced: Bool = false) {
        guard isForced || rules.channel.watchesSubscriptions,
            now - Instant(milliseconds: watch.subscriptionsAskedAt) >= Self.subscriptionsEvery
        else { return }
        watch.subscriptionsAskedAt = now.milliseconds
        fetch(.subscriptions) { _ in }
        result.rule = "subscriptions.asked"
    }

    private mutating func sweep() {
        let isSweeping = begin(\.comments, .comments)
        let isSweepingMessages = rules.channel.sweepsMessages && begin(\.messages, .messages)
        result.rule = isSweeping || isSweepingMessages ? "sweep" : "sweep.under_way"
    }

    /// False while the last one of its kind is under way.
    private mutating func begin(_ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject) -> Bool {
        let askedAt = watch[keyPath: mark].askedAt
        guard askedAt == 0 || now - Instant(milliseconds: askedAt) >= Self.lost else { return false }
        watch[keyPath: mark].sweepingUntil = (now - Self.settled).milliseconds
        ask(mark, subject, resume: "")
        return true
    }

    private mutating func ask(
        _ mark: WritableKeyPath<AccountWatch, SweepMark>, _ subject: FetchSubject, resume: String
    ) {
        let until = watch[keyPath: mark].sweepingUntil
        let overlap = subject == .messages ? Self.overlap : .zero
        let swept = Instant(milliseconds: watch[keyPath: mark].sweptUntil) - overlap
        let since = max(swept, Instant(milliseconds: until) - Self.farthest)
        let action = fetch(subject) { action in
            action.since = max(0, since.milliseconds)
            action.until = until
            action.resume = resume
        }
        watch[keyPath: mark].actionHigh = action.high
        watch[keyPath: mark].actionLow = action.low
        watch[keyPath: mark].askedAt = now.milliseconds
    }

    @discardableResult
    private mutating func fetch(_ subject: FetchSubject, _ fill: (inout Action) -> Void) -> ActionID {
        var action = Action()
        action.kind = .fetch
        action.class = .background
        action.conversation = id.text
        action.cause = cause
        action.n = UInt32(clamping: actions.filter { $0.kind == .fetch }.count)
        action.orderKey = "\(id.text)/\(subject.rawValue)"
        action.decidedAt = now.milliseconds
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
        result.rule = "swept"
        watch[keyPath: mark].askedAt = 0
        watch[keyPath: mark].sweptUntil = max(watch[keyPath: mark].sweptUntil, fetched.until)
        if fetched.until == 0, !fetched.resume.isEmpty { ask(mark, subject, resume: fetched.resume) }
    }

    private mutating func takeSubscriptions(_ fetched: Fetched) {
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
        guard isNews else { return }
        guard !fetched.text.isEmpty else {
            return tellDesk(Self.rule, "webhooks of account \(rules.account.id) come again", .closed)
        }
        tellDesk(
            Self.rule,
            "webhooks of account \(rules.account.id) did not come: \(fetched.text)"
                + (fetched.restored ? "; they are subscribed again" : "; subscribing them again was refused"))
    }

    private var unsureFacts: String {
        "nobody can tell whether webhooks of account \(rules.account.id) come: apps are subscribed, and the platform does "
            + "not say which is ours; `app` in accounts.yaml does"
    }

    /// An outcome comes behind the event that the fetch found, if it found anything.
    private mutating func take(_ outcome: Outcome) {
        guard outcome.status != .delivered else { return }
        for mark in [\AccountWatch.comments, \AccountWatch.messages] where watch[keyPath: mark].awaits(outcome.action) {
            result.rule = "sweep.failed"
            watch[keyPath: mark].askedAt = 0
        }
    }

    private mutating func arm(at due: Instant) {
        var timer = ArmedTimer()
        timer.kind = .sweep
        timer.dueAt = due.milliseconds
        state.timers.append(timer)
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

extension SweepMark {
    /// The sweep under way is that action.
    fileprivate func awaits(_ action: String) -> Bool {
        askedAt != 0 && ActionID(hex: action) == ActionID(high: actionHigh, low: actionLow)
    }
}

extension AccountWatch {
    /// The mark of comments, which is older than those of other sweeps and stands in fields of its own.
    fileprivate var comments: SweepMark {
        get {
            var mark = SweepMark()
            mark.sweptUntil = sweptUntil
            (mark.actionHigh, mark.actionLow) = (actionHigh, actionLow)
            (mark.askedAt, mark.sweepingUntil) = (askedAt, sweepingUntil)
            return mark
        }
        set {
            sweptUntil = newValue.sweptUntil
            (actionHigh, actionLow) = (newValue.actionHigh, newValue.actionLow)
            (askedAt, sweepingUntil) = (newValue.askedAt, newValue.sweepingUntil)
        }
    }
}
