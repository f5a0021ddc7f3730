import Contracts
import Instants
import Lanes
import Redis

/// Moves the lane clock of a virtual namespace and waits until nothing is left to do.
///
/// "Nothing left" is read from Redis: every lane's log is decided to its end, no timer is due, no action is open, twice in
/// a row with the same counts, so that a tell on its way from one lane to another is not missed.
struct LaneStepper: Sendable {
    let redis: RedisThread
    let keyspace: Keyspace
    let lanes: [LaneName]
    /// How long a quiet may take to come about before the wait is given up.
    var patience: Duration = .seconds(60)

    private struct Sight: Sendable, Equatable {
        var pending: UInt64 = 0
        var appended: UInt64 = 0
        var openActions: Int64 = 0
        var nextDue: Instant?
        var now: Instant = .distantPast

        var isQuiet: Bool { pending == 0 && openActions == 0 && (nextDue.map { $0 > now } ?? true) }
    }

    /// The lane clock, by the first lane.
    func now() async throws -> Instant {
        try await sight().now
    }

    /// Waits for quiet, then steps to every due timer on the way and at last to `end`, waiting for quiet after each step.
    func step(to end: Instant) async throws {
        while true {
            let sight = try await quiet()
            let next = min(sight.nextDue ?? end, end)
            if next > sight.now { try await move(by: next - sight.now) }
            if next >= end || sight.now >= end {
                _ = try await quiet()
                return
            }
        }
    }

    func settle() async throws {
        _ = try await quiet()
    }

    private func quiet() async throws -> Sight {
        let deadline = ContinuousClock.now + patience
        var before: Sight?
        while ContinuousClock.now < deadline {
            let sight = try await sight()
            if sight.isQuiet, let before, before.isQuiet, before.appended == sight.appended { return sight }
            before = sight
            // Polling a shared server: a pause of two milliseconds, bounded by the deadline above.
            try await Task.sleep(for: .milliseconds(2))
        }
        let sight = try await sight()
        throw Failure(
            "expected every lane to be decided and delivered within \(patience), "
                + "got \(sight.pending) undecided events and \(sight.openActions) open actions")
    }

    private func sight() async throws -> Sight {
        try await redis.run { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            var sight = Sight()
            for look in try store.look(lanes) where look.exists {
                sight.pending += look.pending
                sight.appended += look.appended
                sight.nextDue = [sight.nextDue, look.nextDue].compactMap(\.self).min()
                sight.now = max(sight.now, look.serverTime + look.offset)
            }
            var counts: [RedisCommand] = []
            for lane in lanes {
                var command = RedisCommand("HLEN")
                command.add(keyspace.lane(lane).actions)
                counts.append(command)
            }
            sight.openActions = try connection.pipeline(counts).reduce(0) { $0 + ($1.int ?? 0) }
            return sight
        }
    }

    private func move(by duration: Duration) async throws {
        try await redis.run { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            let replies = try store.control(lanes.map { (lane: $0, verb: ControlVerb.step(duration)) })
            for (lane, reply) in zip(lanes, replies) {
                guard case .done = reply else { throw Failure("\(lane): expected a stepped clock, got \(reply)") }
            }
        }
    }
}
