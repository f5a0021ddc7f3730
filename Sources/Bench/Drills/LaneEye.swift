import Contracts
import Redis

/// The drill's own eye on the lanes: plain commands, its own key names, nothing of what it checks.
///
/// Belongs to one thread. It connects again by itself; while Redis is away or loads its file it sees nothing, and says so.
final class LaneEye {
    /// A lane at a glance.
    struct Sight {
        var owner: String
        var sequence: Int64
        var appended: Int64
        var decided: Int64
        var openActions: Int64

        var isQuiet: Bool { appended <= decided && openActions == 0 }
    }

    /// What a fault met.
    struct InHand: Equatable {
        var events = 0
        var attempts = 0
    }

    let lanes: [String]
    private let endpoint: RedisEndpoint
    private let namespace: String
    private var connection: RedisConnection?

    init(endpoint: RedisEndpoint, namespace: String, lanes: [String]) {
        self.endpoint = endpoint
        self.namespace = namespace
        self.lanes = lanes
    }

    /// Nil while Redis does not answer.
    func look() -> [String: Sight]? {
        var commands: [RedisCommand] = []
        for lane in lanes {
            commands.append(RedisCommand("HMGET", key(lane, "lane"), "owner", "sequence", "appended", "decided"))
            commands.append(RedisCommand("HLEN", key(lane, "actions")))
        }
        guard let replies = ask(commands) else { return nil }
        var sights: [String: Sight] = [:]
        for (index, lane) in lanes.enumerated() {
            guard let fields = replies[2 * index].array, fields.count == 4 else { return nil }
            sights[lane] = Sight(
                owner: fields[0].string ?? "", sequence: fields[1].int ?? 0, appended: fields[2].int ?? 0,
                decided: fields[3].int ?? 0, openActions: replies[2 * index + 1].int ?? 0)
        }
        return sights
    }

    /// Whether there is an undecided event, or an open attempt, in these lanes: one round trip.
    func glimpse(_ lanes: [String]) -> InHand? {
        var commands: [RedisCommand] = []
        for lane in lanes {
            commands.append(RedisCommand("HMGET", key(lane, "lane"), "appended", "decided"))
            commands.append(RedisCommand("HVALS", key(lane, "actions")))
        }
        guard let replies = ask(commands) else { return nil }
        var seen = InHand()
        for index in lanes.indices {
            let counts = replies[2 * index].array?.map { $0.int ?? 0 } ?? []
            if counts.count == 2 { seen.events += Int(max(0, counts[0] - counts[1])) }
            seen.attempts += Self.openAttempts(replies[2 * index + 1])
        }
        return seen
    }

    /// Events appended at or before `cut` (lane clock, ms) and not committed, attempts opened and not settled.
    func inHand(_ lanes: [String], before cut: UInt64) -> InHand? {
        var commands: [RedisCommand] = []
        for lane in lanes {
            commands.append(RedisCommand("HMGET", key(lane, "lane"), "cursor", "index"))
            commands.append(RedisCommand("HVALS", key(lane, "actions")))
        }
        guard let replies = ask(commands) else { return nil }
        var found = InHand()
        var cursors: [Position] = []
        for index in lanes.indices {
            let fields = replies[2 * index].array ?? []
            let entry = fields.first?.string.flatMap { EntryID($0) } ?? .start
            cursors.append(Position(entry: entry, index: Int(fields.last?.int ?? 0)))
            found.attempts += Self.openAttempts(replies[2 * index + 1])
        }
        let ranges = zip(lanes, cursors).map { lane, cursor in
            RedisCommand("XRANGE", key(lane, "in"), "\(cursor.entry)", "\(cut)", "COUNT", "200")
        }
        guard let logs = ask(ranges) else { return nil }
        for (log, cursor) in zip(logs, cursors) {
            for entry in log.array ?? [] {
                guard let parts = entry.array, let id = parts.first?.string, let body = parts.last?.array?.last?.bytes
                else { continue }
                let count = (try? EventFraming.ranges(of: body).count) ?? 0
                found.events += EntryID(id) == cursor.entry ? max(0, count - cursor.index) : count
            }
        }
        return found
    }

    /// Counts values whose header (four bytes of attempts, then flags) says that an attempt is open.
    private static func openAttempts(_ values: RedisReply) -> Int {
        (values.array ?? []).reduce(0) { count, value in
            guard let bytes = value.bytes, bytes.count > 4 else { return count }
            return count + Int(bytes[4] & 1)
        }
    }

    private func key(_ lane: String, _ name: String) -> String { "\(namespace):{\(lane)}:\(name)" }

    private func ask(_ commands: [RedisCommand]) -> [RedisReply]? {
        do {
            let open = try connection ?? RedisConnection(endpoint, clientName: "drill")
            connection = open
            let replies = try open.pipeline(commands)
            return replies.contains { $0.error != nil } ? nil : replies
        } catch {
            connection = nil
            return nil
        }
    }
}
