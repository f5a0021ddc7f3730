internal import Instants

/// The sweeps at the end of a drill of the platform: asked for until each account has had a whole one.
///
/// Problem: a sweep passes over a post that the platform fails at again and again, says that it was not whole, and the next one reads
/// that post; a drill that asked once would call lost what a house finds an interval later. Choice: it asks again, a few
/// times. How it fails: where sweeps are never whole the drill ends, and what they did not bring counts as lost.
struct Sweeping {
    private static let mostRounds = 5

    private let isWanted: Bool
    private var rounds = 0
    private var isWaiting = true
    /// Until when all sweeps must reach: everything was written by then.
    private var aim = Instant.epoch

    init(isWanted: Bool) {
        self.isWanted = isWanted
    }

    var isAsked: Bool { !isWanted || !isWaiting }

    /// Asks for what is to be asked for; without a Redis that answers the next time.
    mutating func ask(_ site: DrillSite) {
        guard isWanted, isWaiting else { return }
        if rounds == 0 { aim = site.laneClock - PlatformTraffic.age }
        guard (try? site.sweep(site.endpoint)) != nil else { return }
        isWaiting = false
        rounds += 1
    }

    /// Whether every sweep was whole, now that everything is quiet; else it is to be asked again.
    mutating func isOver(_ site: DrillSite) -> Bool {
        guard isWanted, rounds < Self.mostRounds else { return true }
        guard let unswept = try? site.unswept(site.endpoint, aim) else { return false }
        guard unswept > 0 else { return true }
        site.note("  sweeps of \(unswept) accounts were not whole; asked for again")
        isWaiting = true
        return false
    }
}
