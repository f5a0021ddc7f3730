import Instants
import Redis
import Synchronization

/// Watches from outside who owns the lanes, some hundred times a second, by plain commands.
final class OwnerWatch: Sendable {
    /// Another owner than before, whether or not nobody was one in between; `at` by the lane clock, in ms.
    struct Change: Sendable {
        let lane: String
        let at: Int64
    }

    private struct State {
        var isOver = false
        var changes: [Change] = []
        var changedAt = ContinuousClock.now
        var allOwned = false
    }

    /// So long without a change counts as stillness: longer than a leader takes from one round of moves to the next.
    private static let still = Duration.seconds(4)
    private static let pace = Duration.milliseconds(3)

    private let site: DrillSite
    private let lanes: [String]
    private let state = Mutex(State())

    init(_ site: DrillSite, lanes: [String]) {
        self.site = site
        self.lanes = lanes
    }

    var changes: [Change] { state.withLock { $0.changes } }

    func stop() { state.withLock { $0.isOver = true } }

    /// Looks until it is stopped; for a thread of its own.
    func run() {
        guard let connection = try? RedisConnection(site.endpoint, clientName: "drill") else { return }
        let commands = lanes.map { RedisCommand("HGET", "\(site.namespace):{\($0)}:lane", "owner") }
        var owners: [String: String] = [:]
        while !state.withLock({ $0.isOver }) {
            guard let replies = try? connection.pipeline(commands) else { return }
            let now = site.laneClock.milliseconds
            var changed: [Change] = []
            var allOwned = true
            for (lane, reply) in zip(lanes, replies) {
                let owner = reply.string ?? ""
                if owner.isEmpty {
                    allOwned = false
                    continue
                }
                if let old = owners[lane], old != owner { changed.append(Change(lane: lane, at: now)) }
                owners[lane] = owner
            }
            state.withLock { state in
                if !changed.isEmpty || !allOwned { state.changedAt = .now }
                state.changes += changed
                state.allOwned = allOwned
            }
            pause(Self.pace)
        }
    }

    /// Until every lane has an owner and none has changed for a while.
    func waitUntilStill(_ patience: Duration) async throws {
        try await wait("lanes to stay with their owners", patience) {
            $0.allOwned && .now - $0.changedAt >= Self.still
        }
    }

    /// Until a lane has changed its owner since the last stillness.
    func waitForChange(_ patience: Duration) async throws {
        let known = changes.count
        try await wait("a lane to change its owner", patience) { $0.changes.count > known }
    }

    private func wait(_ what: String, _ patience: Duration, until holds: (borrowing State) -> Bool) async throws {
        let end = ContinuousClock.now + patience
        while !state.withLock({ holds($0) }) {
            guard ContinuousClock.now < end else { throw DrillFailure("expected \(what) within \(patience)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
