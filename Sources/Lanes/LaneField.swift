internal import Contracts
internal import Instants
internal import Redis

/// The fields of a lane's hash (`ns:{LANE}:lane`), as the functions write them. A producer's is `p:<16 hex digits>`,
/// its value `<last number>:<its entry>`.
enum LaneField: String, CaseIterable {
    /// Of the topology under which the lane takes appends.
    case generation
    /// Rises with each taking.
    case epoch
    /// What the owner shows with each write; empty after a release.
    case token
    case owner
    /// The assignment under which the lane was taken last.
    case assignment
    /// The number that the next commit must carry.
    case sequence
    /// The entry of the first undecided event.
    case cursor
    /// Its index in that entry.
    case index
    /// The policy of the last commit.
    case policy
    /// The lane's last `now`, in ms.
    case now
    /// What the lane clock is ahead of Redis's TIME, in ms.
    case offset
    /// `1` if the lane was made virtual: its clock can be stepped.
    case virtual
    /// `1` if the owner has read to the end of the log.
    case drained
    /// Who asked for the lane.
    case wanted
    /// Up to where entries or timers were handed out and are not committed.
    case busy
    /// Up to where the lane is suspect.
    case suspect
    /// What is being decided while it is.
    case mark
    /// Deaths with that mark.
    case strikes
    case paused
    case closed
    case draining
    /// `1` if nothing more is claimed, since the lane is about to be frozen.
    case settling
    /// The number of the move that has the lane frozen, `retired`, or empty.
    case move
    /// The move that stopped it last.
    case stopper
    /// How it was kept before: `open`, `closed` or `draining`.
    case shut
    /// The last move that has let go of the lane, or is being taken back; it and older ones get at it no more.
    case moved
    /// Whether it was paused when it was frozen.
    case before
    /// The term of the last leader that carried out orders to forget while the lane was retired.
    case walker
    /// Why the lane paused itself.
    case alarm
    /// Events appended since the lane was made.
    case appended
    case decided
    /// Bytes of the log's bodies.
    case bytes
    /// Instant of the oldest undecided event, in ms.
    case oldest
    /// The last entry of the log.
    case last
    /// Instant of the last result, in ms.
    case result
    /// The earliest armed timer, in ms.
    case due
    /// How many producers are remembered.
    case producers
}

/// Some fields of a lane's hash as one `HMGET` gives them. Redis: about 0.2 µs a field.
struct LaneFieldValues {
    /// Everything.
    static let all = LaneFieldSet(LaneField.allCases)
    /// What is asked of every lane again and again.
    static let glance = LaneFieldSet([
        .owner, .wanted, .assignment, .cursor, .index, .last, .due, .paused, .appended, .decided, .now, .offset,
    ])

    private let set: LaneFieldSet
    private let values: [RedisReply]

    init?(_ reply: RedisReply, _ set: LaneFieldSet) {
        guard let values = reply.array, values.count == set.fields.count else { return nil }
        self.set = set
        self.values = values
    }

    private func reply(_ field: LaneField) -> RedisReply { set.places[field].map { values[$0] } ?? .nil }

    /// Nil if missing or empty.
    func text(_ field: LaneField) -> String? {
        guard let text = reply(field).string, !text.isEmpty else { return nil }
        return text
    }

    func count(_ field: LaneField) -> UInt64 { reply(field).int.flatMap { UInt64(exactly: $0) } ?? 0 }

    func flag(_ field: LaneField) -> Bool { reply(field).int == 1 }

    func instant(_ field: LaneField) -> Instant? { reply(field).int.map { Instant(milliseconds: $0) } }

    func entry(_ field: LaneField) -> EntryID? { text(field).flatMap { EntryID($0) } }

    var cursor: Position {
        Position(entry: entry(.cursor) ?? .start, index: Int(clamping: count(.index)))
    }

    var offset: Duration { .milliseconds(Int64(clamping: count(.offset))) }
}

struct LaneFieldSet {
    let fields: [LaneField]
    let places: [LaneField: Int]

    init(_ fields: [LaneField]) {
        self.fields = fields
        places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1, $0) })
    }

    func command(_ key: [UInt8]) -> RedisCommand {
        var command = RedisCommand("HMGET", expectedBytes: 60 + 18 * fields.count)
        command.add(key)
        for field in fields { command.add(field.rawValue) }
        return command
    }
}
