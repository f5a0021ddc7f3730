internal import Contracts
package import Instants

/// Which of an account's posts one sweep reads, and from when on. Pure.
///
/// Problem: comments are read post by post, a call each. Five hundred posts every quarter of an hour are 48,000 calls a
/// day, which is what a page with ten engaged people may make in all (DOMAIN 4.9). Choice: each post has an instant of
/// the day, by the hash of its id; the sweep into whose time that instant falls reads the post back to a day before the
/// sweep began. Sweeps follow each other without a gap, so whatever their lengths each post is read in full once a day,
/// from before the end of the last time. Lively posts are read by every sweep besides, from that sweep's beginning on:
/// the newest of each list, and those of which webhooks told lately; and all of them where the sweep covers so long a time that
/// webhooks of it may never have come. Rejected: remembering when each post was read, a state of
/// thousands of posts an account; going by a post's age, which lists do not tell and an ad over an old post belies. How it
/// fails: what no webhook told of under a post that is neither new nor lately told of is found up to a day late.
package struct PostRound: Sendable {
    /// In the order of a list, which is from the newest on.
    package static let newest = 25
    /// A webhook makes a post lively for so long.
    package static let livelyFor = Duration.seconds(86_400)
    /// Private replies are possible for so long; nothing older is asked for.
    package static let farthest = Duration.seconds(7 * 86_400)
    /// A sweep of so long a time follows an outage, or sweeps are rare: it reads every post.
    package static let outage = Duration.seconds(5_400)
    private static let day = Duration.seconds(86_400)

    private let sweep: Range<Instant>

    /// - Parameter sweep: from the end of the last sweep to the end of this one.
    package init(_ sweep: Range<Instant>) {
        self.sweep = sweep
    }

    /// Whether a webhook of that instant makes a post lively.
    package func isLively(toldAt instant: Instant) -> Bool { instant >= sweep.lowerBound - Self.livelyFor }

    /// The time whose comments are read; nil: the post is not read by this sweep.
    package func time(of post: String, isLively: Bool) -> Range<Instant>? {
        guard isDue(post) else { return isLively || length >= Self.outage ? sweep : nil }
        let start = max(sweep.lowerBound - Self.day, sweep.upperBound - Self.farthest)
        return min(start, sweep.lowerBound)..<sweep.upperBound
    }

    private var length: Duration { sweep.upperBound - sweep.lowerBound }

    /// Whether the post's instant of the day lies in the sweep's time.
    package func isDue(_ post: String) -> Bool {
        guard length < Self.day else { return true }
        let day = Self.day.wholeMilliseconds
        let place = Int64(StableHash.hash(post) % UInt64(day))
        let ahead = ((place - sweep.lowerBound.milliseconds % day) % day + day) % day
        return .milliseconds(ahead) < length
    }
}
