internal import Contracts
internal import Instants
internal import Lanes

// What was kept of erased entries and batches ages as these would have.
//
// Problem: whoever is forgotten takes their entries with them, and the other events of these go to the lane's `kept`, which
// no trim of streams reaches. Choice: an owner looks through it with each trim; of retired lanes, which have no owner, the
// leader's process does, orders or none. How it fails: while nobody leads, retired lanes keep what they have.
extension ForgetSlices {
    /// Removes what was kept of entries and batches that would have aged by now; false if the lane could not be read or written.
    /// Redis: O(kept), a page a call.
    func age(
        _ lane: HeldLane, log: Duration, results: Duration, now: Instant, _ store: LaneStore
    ) throws -> Bool {
        var cursor = "0"
        repeat {
            guard let page = try store.page(lane.name, .kept, after: cursor) else { return false }
            var request = EraseRequest(lane: lane.name, token: lane.token)
            for (field, _) in page.pairs {
                switch KeptField(field) {
                case .event(let position) where position.entry.isOlder(than: now - log):
                    request.forgottenEvents.append(position)
                case .results(let entry) where entry.isOlder(than: now - results):
                    request.forgottenBatches.append(entry)
                default: break
                }
            }
            guard try erase([request], store) else { return false }
            cursor = page.next
        } while cursor != "0"
        return true
    }
}

/// Which retired lanes are looked through next for what was kept and has aged. Values only.
struct RetiredAging {
    static let every = Duration.seconds(300)
    /// Few: a write that waits for replicas in vain takes two seconds.
    static let mostLanesATurn = 4

    private var retention: Retention?
    /// Lanes that are still to be looked through in this round.
    private var left: ArraySlice<LaneName> = []
    private var nextRound: ContinuousClock.Instant?

    /// Begins a round at once if the policy's retention is another now.
    mutating func use(_ retention: Retention) {
        guard retention != self.retention else { return }
        (self.retention, left, nextRound) = (retention, [], nil)
    }

    /// None, and nil, where it is not time yet or no policy is known.
    mutating func next(
        of retired: [LaneName], now: ContinuousClock.Instant
    ) -> (lanes: [LaneName], retention: Retention?) {
        guard let retention else { return ([], nil) }
        if left.isEmpty, now >= nextRound ?? now {
            left = retired[...]
            nextRound = now + Self.every
        }
        let lanes = Array(left.prefix(Self.mostLanesATurn))
        left = left.dropFirst(lanes.count)
        return (lanes, retention)
    }
}

extension EntryID {
    fileprivate func isOlder(than instant: Instant) -> Bool {
        Int64(clamping: milliseconds) < instant.milliseconds
    }
}
