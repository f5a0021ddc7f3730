package import Contracts

// Which lanes are hot, and whose doing it is.
//
// Problem: one conversation or post that everybody writes under makes one lane carry more than its share, and no placement of
// whole lanes helps. Choice: compare what lanes decided between two looks; a lane is hot if it decided at least so much a
// second and so many times what lanes do on average. Its latest results name the conversations. Rejected: counters per
// conversation in the lane, which every commit would pay for.
// How it fails: a burst shorter than the time between the looks shows as its average only.

/// A lane that decides far more than others.
package struct HotLane: Sendable, Equatable {
    package struct Talker: Sendable, Equatable {
        package let conversation: String
        /// Of the decisions looked at.
        package let decisions: Int
        /// How large a part of these that is; 0 if nobody asked.
        package var share = 0.0
    }

    package let lane: LaneName
    /// Decisions a second.
    package let rate: Double
    /// The rate divided by the average of all lanes.
    package let timesAverage: Double
    package var talkers: [Talker] = []
}

package enum LaneHeat {
    /// Below this nobody needs to be told, however quiet the others are.
    package static let leastRate = 20.0
    package static let leastTimesAverage = 4.0

    /// The hot lanes, hottest first.
    ///
    /// - Parameters:
    ///   - before: events decided by lane; a lane that is missing in one of both is left out.
    ///   - after: the same, `seconds` later.
    package static func hot(
        before: [LaneName: UInt64], after: [LaneName: UInt64], seconds: Double,
        leastRate: Double = leastRate
    ) -> [HotLane] {
        hot(
            after.compactMap { lane, decided in before[lane].map { (lane: lane, before: $0, after: decided) } },
            seconds: seconds, leastRate: leastRate)
    }

    /// The same of counts that stand side by side. O(lanes).
    package static func hot(
        _ counts: [(lane: LaneName, before: UInt64, after: UInt64)], seconds: Double, leastRate: Double = leastRate
    ) -> [HotLane] {
        guard seconds > 0 else { return [] }
        let rates = counts.map { count in
            (count.lane, count.after > count.before ? Double(count.after - count.before) / seconds : 0)
        }
        let average = rates.reduce(0) { $0 + $1.1 } / Double(max(1, rates.count))
        guard average > 0 else { return [] }
        return rates.filter { $0.1 >= leastRate && $0.1 >= leastTimesAverage * average }
            .map { HotLane(lane: $0.0, rate: $0.1, timesAverage: $0.1 / average) }
            .sorted { ($1.rate, $0.lane) < ($0.rate, $1.lane) }
    }

    /// The conversations with the most of these decisions, most first.
    package static func talkers(_ conversations: [String], most: Int) -> [HotLane.Talker] {
        var counts: [String: Int] = [:]
        for conversation in conversations { counts[conversation, default: 0] += 1 }
        return counts.map { HotLane.Talker(conversation: $0.key, decisions: $0.value) }
            .sorted { ($1.decisions, $0.conversation) < ($0.decisions, $1.conversation) }
            .prefix(most).map { $0 }
    }

    /// The same, each with its share.
    package static func shares(_ conversations: [String], most: Int) -> [HotLane.Talker] {
        talkers(conversations, most: most).map { talker in
            HotLane.Talker(
                conversation: talker.conversation, decisions: talker.decisions,
                share: Double(talker.decisions) / Double(max(1, conversations.count)))
        }
    }
}

extension LaneStore {
    /// Conversations of a lane's latest decisions, a name for each decision, newest batches first. Redis: O(batches).
    package func latestConversations(_ lane: LaneName, batches: Int = 100) throws(LaneError) -> [String] {
        try latestResults(lane, batches).flatMap { $0.batch.results.map(\.conversation) }
    }
}
