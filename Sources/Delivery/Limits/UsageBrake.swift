package import Channels
internal import Contracts

/// What an answer's headers of the platform's limits ask for (DOMAIN.md 4.9): from 75 % on all workers have half of the account's
/// tokens, background stops at 85 %, what is not urgent at 95 %, everything until the time that the platform names.
package struct UsageBrake: Sendable, Equatable {
    /// What less than all says lasts so long; every answer says it again.
    private static let usual = Duration.seconds(60)

    package let time: Duration
    /// The rank of the last class that goes; 0: nothing does.
    package let lets: Int
    package let reason: String
    /// The platform named the time.
    package let isTold: Bool

    /// Nil where nothing is to be spared.
    package init?(_ usage: MetaUsage) {
        // A time is named only once calls are throttled, whatever percentage stands beside it.
        if let regain = usage.regainAfter {
            (time, lets, reason, isTold) = (regain, 0, "the platform's limit is used up", true)
            return
        }
        switch (usage.percent, usage.backgroundPercent) {
        case (95..., _): lets = Urgency(.promiseNear).rank
        case (85..., _), (_, 85...): lets = Urgency(.answer).rank
        case (75..., _): lets = Urgency.least.rank
        default: return nil
        }
        (time, isTold) = (Self.usual, false)
        reason = "\(max(usage.percent, usage.backgroundPercent)) % of the limit is used"
    }
}
