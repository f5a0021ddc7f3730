internal import Contracts
internal import Lanes

// What nobody else looks after: lanes that were retired have no owner who trims them, and who makes a lane hot is seen only
// by whoever looks at all lanes.

/// Trims retired lanes and finds hot ones, a little in each round of the leader. Values only; the store is the caller's.
struct LaneCare {
    private static let heatEvery: Duration = .seconds(10)
    private static let trimsEvery: Duration = .seconds(60)
    /// Retired lanes that are trimmed at a time.
    private static let mostTrimmed = 16
    /// Hot lanes that are told.
    static let mostHot = 5

    var retention = Retention()
    /// The hottest lanes of the last ten seconds, each with its busiest conversation.
    private(set) var hot: [HotLane] = []
    /// What is left of retired lanes, next first.
    private var retired: [LaneName] = []
    private var nextTrim: ContinuousClock.Instant?
    private var before: (lanes: [LaneName], decided: [UInt64?], at: ContinuousClock.Instant)?

    mutating func learn(retired lanes: [LaneName]) {
        retired = lanes.sorted()
        nextTrim = nil
    }

    /// Finds hot lanes.
    ///
    /// - Parameter decided: of each lane in its place; nil for one that could not be looked at.
    mutating func look(
        _ lanes: [LaneName], _ decided: [UInt64?], _ store: LaneStore, now: ContinuousClock.Instant = .now
    ) throws(LaneError) {
        guard let before, before.lanes == lanes else {
            before = (lanes, decided, now)
            return
        }
        guard now - before.at >= Self.heatEvery else { return }
        self.before = (lanes, decided, now)
        let counts = lanes.indices.compactMap { place in
            before.decided[place].flatMap { old in decided[place].map { (lane: lanes[place], before: old, after: $0) } }
        }
        let found = LaneHeat.hot(counts, seconds: (now - before.at) / .seconds(1))
        hot = try found.prefix(Self.mostHot).map { (lane) throws(LaneError) in
            var lane = lane
            do throws(LaneError) {
                lane.talkers = LaneHeat.shares(try store.latestConversations(lane.lane), most: 1)
            } catch {
                // Results that somebody edited are no reason not to lead.
                guard error.isOfKeys || error.isAway else { throw error }
            }
            return lane
        }
    }

    /// Trims retired lanes, if it is time.
    mutating func trim(_ store: LaneStore, now: ContinuousClock.Instant = .now) throws(LaneError) {
        guard !retired.isEmpty, now >= nextTrim ?? now else { return }
        let lanes = Array(retired.prefix(Self.mostTrimmed))
        var hasMore = false
        for case .trimmed(let trimmed) in try store.trim(lanes, retention: retention) {
            hasMore = hasMore || trimmed.hasMore
        }
        if !hasMore { retired = Array(retired.dropFirst(lanes.count)) + lanes }
        nextTrim = now + (hasMore ? .seconds(1) : Self.trimsEvery)
    }
}
