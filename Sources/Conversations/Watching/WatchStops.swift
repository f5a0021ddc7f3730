import Contracts
import Instants

// What stops an account, as its own entity knows it: the platform's block, and calls that met what only a person can mend.
//
// Problem: people are called once for a stop, and must hear of its end; but nobody tells that a token is whole again. Choice: three
// things end it. A person's word (`actions release`). An answered read that was asked for behind the stop, since a stopped account
// asks for nothing; it says nothing of a permission to send, so that a stop of sends stays. And time: a day after the last such
// call its calls go again by themselves, and one that is still refused stops it anew; where nothing was heard of that for two hours more
// the stop is over, as far as anybody can tell. No word of a send that arrived comes here, since outcomes go to their own
// conversations. How it fails: an account that sends nothing in those hours ends its matter although nothing was mended, and is
// told anew with its next send.
extension WatchTurn {
    /// A stop of which nothing was heard for so long is over: the day that our own brake lasts, and time for what waited behind it, or
    /// for the next hourly look, to be refused again.
    static let stopLasts = AccountStop.lasts + .seconds(7_200)

    /// The platform blocks or warns the account, or takes a block back, or calls met that it is stopped, or a person lets it go
    /// on; its subject is the measure and its reason.
    mutating func enforced(_ command: Command) {
        let words = command.subject.split(separator: " ", maxSplits: 1).map(String.init)
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
            guard watch.enforced || watch.onlyBlocked else { return }
            forgetEnforcement()
            // What calls met was the same block.
            if watch.onlyBlocked { forgetStop() }
            ends("the platform blocks account \(rules.account.id) no longer")
        case "stop": stopped(reason, command)
        case "release":
            result.rule = "stopped.released"
            guard watch.enforced || watch.stoppedAt > 0 else { return }
            forgetEnforcement()
            forgetStop()
            ends("\(reason) lets account \(rules.account.id) go on")
        default:
            result.rule = "enforced.warning"
            tellDesk(
                Self.enforcedRule, "the platform warns account \(rules.account.id): \(reason); everything still goes")
        }
    }

    /// Every call that was under way says it, and once a day one that sees whether it still holds: people are called once.
    private mutating func stopped(_ reason: String, _ command: Command) {
        result.rule = "stopped"
        let last = watch.stoppedAt
        let isNews = last == 0 || now - Instant(milliseconds: last) > Self.stopLasts
        let (sendsStopped, onlyBlocked) = (!isNews && watch.sendsStopped, isNews || watch.onlyBlocked)
        forgetStop()
        watch.stoppedAt = now.milliseconds
        watch.sendsStopped = sendsStopped || command.sendsOnly
        watch.onlyBlocked = onlyBlocked && command.blocked
        arm(at: stopEnds)
        guard isNews else { return }
        tellDesk(
            Self.stoppedRule,
            "account \(rules.account.id) is stopped: \(Self.short(reason)); nothing is sent until somebody has mended that and "
                + "lets the account go on with `actions release`, but for a try a day")
    }

    /// What was asked for behind a stop, and answered, says that calls go again: a stopped account asks for nothing. Of what
    /// stops sends alone it says nothing.
    mutating func goesOn(by fetched: Event) {
        guard watch.stoppedAt > 0, !watch.sendsStopped, fetched.happenedAt > watch.stoppedAt else { return }
        forgetStop()
        ends("calls of account \(rules.account.id) go again")
    }

    /// Whether the timer ends a block or a stop; any other one leads from sweep to sweep.
    func endsStop(_ timer: ArmedTimer) -> Bool {
        watch.enforced && timer.dueAt == watch.enforcedUntil
            || watch.stoppedAt > 0 && timer.dueAt == stopEnds.milliseconds
    }

    /// A stop of which nothing is heard any more ends.
    ///
    /// - Parameter timer: the one that fires, which is armed no more.
    /// - Returns: whether it ended now.
    mutating func endStop(at timer: ArmedTimer) -> Bool {
        guard watch.stoppedAt > 0 else { return false }
        guard now >= stopEnds else {
            // An older worker took the stop: nobody else would end it.
            if !state.timers.contains(where: { $0.kind == .sweep && $0.dueAt == stopEnds.milliseconds }) {
                arm(at: stopEnds)
            }
            return false
        }
        let last = Instant(milliseconds: watch.stoppedAt)
        forgetStop(isArmed: timer.dueAt != stopEnds.milliseconds)
        result.rule = "stopped.lapsed"
        ends("account \(rules.account.id), of whose stop nothing was heard since \(last), is held back no longer")
        return true
    }

    /// The stop of a blocked account ends by itself, and with it the desk's matter: from then on the account's calls go, and one that the
    /// platform still refuses stops the account anew, which is told by itself.
    ///
    /// - Parameter timer: the one that fires, which is armed no more.
    /// - Returns: whether it ended now.
    mutating func endEnforcement(at timer: ArmedTimer) -> Bool {
        guard watch.enforced else { return false }
        guard watch.enforcedUntil > 0 else {
            // An older worker took the block: its end is counted from here.
            noteEnforcement()
            return false
        }
        guard now.milliseconds >= watch.enforcedUntil else { return false }
        forgetEnforcement(isArmed: timer.dueAt != watch.enforcedUntil)
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

    private mutating func forgetEnforcement(isArmed: Bool = true) {
        let end = watch.enforcedUntil
        (watch.enforced, watch.enforcedUntil) = (false, 0)
        if isArmed, end > 0 { disarm(at: end) }
    }

    private var stopEnds: Instant { Instant(milliseconds: watch.stoppedAt) + Self.stopLasts }

    private mutating func forgetStop(isArmed: Bool = true) {
        let (last, end) = (watch.stoppedAt, stopEnds)
        (watch.stoppedAt, watch.sendsStopped, watch.onlyBlocked) = (0, false, false)
        if isArmed, last > 0 { disarm(at: end.milliseconds) }
    }

    private mutating func disarm(at due: Int64) {
        guard let timer = state.timers.firstIndex(where: { $0.kind == .sweep && $0.dueAt == due }) else { return }
        state.timers.remove(at: timer)
    }
}
