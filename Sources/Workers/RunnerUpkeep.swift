internal import Contracts
internal import Lanes

// What need not be kept any longer goes, lane by lane.
//
// Problem: logs, results and dead letters would fill Redis. Choice: a lane's owner trims it by the lane's clock, each lane
// once in `trimsEvery`, a few in a turn and at most 256 entries a call, so that no trim holds up a decision by more than a
// millisecond. Rejected: one sweeper for all, which must be elected and does nothing while it is away. How it fails: a
// lane without an owner keeps what it has; the next owner goes on.
struct RunnerUpkeep {
    static let mostLanesATurn = 4

    private let every: Duration
    /// Lanes that are still to be trimmed in this round.
    private var toTrim: ArraySlice<LaneName> = []
    private var nextRound: ContinuousClock.Instant

    init(every: Duration, now: ContinuousClock.Instant) {
        self.every = every
        nextRound = now + every
    }

    /// The lanes whose turn it is.
    mutating func lanes(of held: some Collection<LaneName>, now: ContinuousClock.Instant) -> [LaneName] {
        if toTrim.isEmpty, now >= nextRound {
            toTrim = held.sorted()[...]
            nextRound = now + every
        }
        let lanes = Array(toTrim.prefix(Self.mostLanesATurn))
        toTrim = toTrim.dropFirst(lanes.count)
        return lanes
    }

    /// More of a lane is left.
    mutating func goOn(with lane: LaneName) { toTrim.append(lane) }
}

extension RunnerLoop {
    /// A turn's share of trimming.
    func trimSome(_ now: ContinuousClock.Instant) throws {
        guard let retention = setting.retention, let store else { return }
        let due = upkeep.lanes(of: lanes.keys, now: now).filter { lanes[$0] != nil }
        guard !due.isEmpty else { return }
        for (lane, reply) in zip(due, try store.trim(due, retention: retention)) {
            // A lane whose keys are not what they should be is the audit's matter.
            guard case .trimmed(let trimmed) = reply else { continue }
            if trimmed.hasMore { upkeep.goOn(with: lane) }
            status.count { $0.trimmedEntries += UInt64(trimmed.entries + trimmed.results + trimmed.deadLetters) }
        }
    }
}
