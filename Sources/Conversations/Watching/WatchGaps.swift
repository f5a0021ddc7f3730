import Contracts
import Instants

// Direct messages that were written while an account's webhooks were not subscribed.
//
// Problem: they are asked for whatever the channel's file says of sweeps, and a platform that refuses it may do so for good: a
// permission for conversations is one that a shop may never get. Choice: each interval as any sweep until the desk is told, then hourly
// for a day and daily for eight; by then nothing of the gap is young enough to be looked for, and it is given up, so that the
// account's matter can end. `accounts sweep` asks at once. Rejected: to wait for somebody who asks, which left the matter open for
// good. How it fails: refusals are counted, not days, so that whoever asks thirty times gives it up sooner.
extension WatchTurn {
    static let hourlyTries: UInt32 = 24
    /// With the hours over `farthest`.
    static let dailyTries: UInt32 = 8

    /// Asks for them, until that was answered once.
    mutating func sweepGap() {
        _ = begin(\.messages, .messages, isAsked: true)
    }

    /// Whether they are to be asked for now, where nobody asks for more; gives up what is too old.
    mutating func wantsGap() -> Bool {
        let mark = watch.messages
        guard mark.isOwed, mark.isTold else { return mark.isOwed }
        // One that is under way is no refusal yet.
        guard mark.askedAt == 0 else { return true }
        let tries = mark.refused - min(mark.refused, SweepMark.mostRefused)
        guard tries < Self.hourlyTries + Self.dailyTries else {
            giveUpGap()
            return false
        }
        let last = Instant(milliseconds: mark.sweepingUntil) + Self.settled
        return now - last >= .seconds(tries < Self.hourlyTries ? 3_600 : 86_400)
    }

    private mutating func giveUpGap() {
        result.rule = "sweep.given_up"
        watch.messages.sweepingUntil = watch.messages.sweptUntil
        watch.messages.refused = 0
        ends(
            "direct messages that account \(rules.account.id) was sent while its webhooks did not come are too old to be asked for; "
                + "the platform refused them to the end")
    }
}
