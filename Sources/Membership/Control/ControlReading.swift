package import Contracts
internal import Instants
package import Lanes
internal import Redis

/// Reading the control slot: plain commands, nothing is written.
extension ControlStore {
    /// Every member with a record, alive or not, in the order of ids; a record that cannot be read is left out.
    package func members() throws(LaneError) -> [MemberRecord] {
        try pairs(RedisCommand("HGETALL", keyspace.control("members"))).compactMap { name, value in
            guard let id = try? MemberID(name) else { return nil }
            return MemberRecord(id: id, stored: value)
        }.sorted { $0.id < $1.id }
    }

    /// What was assigned after `number`. O(changes · log lanes); from 0, every lane.
    package func changes(
        since number: UInt64
    ) throws(LaneError) -> [(lane: LaneName, target: LaneTarget)] {
        var all: [(lane: LaneName, target: LaneTarget)] = []
        try changes(since: number) { all += $0 }
        return all
    }

    /// The same in pieces, so that 50,000 lanes never lie here as they came; earlier numbers first. What was written with
    /// one number comes in one piece.
    package func changes(
        since number: UInt64, _ take: ([(lane: LaneName, target: LaneTarget)]) -> Void
    ) throws(LaneError) {
        var low = "(\(number)"
        while true {
            var moved = try self.moved(from: low, to: "+inf", most: Self.mostChanges)
            guard let last = moved.last else { return }
            let isLast = moved.count < Self.mostChanges
            if !isLast {
                // The last number's lanes may not all be there; they come with the next piece.
                moved.removeAll { $0.1 == last.1 }
                // One call writes `mostMoves` lanes: so many with one number are somebody's own work.
                if moved.isEmpty { moved = try self.moved(from: last.1, to: last.1) }
            }
            take(try targets(of: moved))
            guard !isLast, let end = moved.last?.1 else { return }
            low = "(\(end)"
        }
    }

    /// Lanes of one piece.
    private static let mostChanges = 5 * mostMoves

    private func moved(from low: String, to high: String, most: Int = -1) throws(LaneError) -> [(String, String)] {
        try pairs(
            RedisCommand(
                "ZRANGEBYSCORE", keyspace.control("moved"), low, high, "WITHSCORES", "LIMIT", "0", "\(most)"))
    }

    private func targets(of moved: [(String, String)]) throws(LaneError) -> [(lane: LaneName, target: LaneTarget)] {
        guard !moved.isEmpty else { return [] }
        var command = RedisCommand("HMGET", expectedBytes: 40 + 24 * moved.count)
        command.add(keyspace.control("assignment"))
        for (lane, _) in moved { command.add(lane) }
        guard let members = try plain([command]).first?.array, members.count == moved.count else {
            throw .unexpectedReply(call: "assignment", came: "another number of lanes than asked for")
        }
        return zip(moved, members).compactMap { pair, member in
            guard let lane = try? LaneName(pair.0), let number = UInt64(pair.1) else { return nil }
            return (lane, LaneTarget(member: try? MemberID(member.string ?? ""), number: number))
        }
    }

    /// What `beat` and `lead` answer, without touching anything.
    package func state() throws(LaneError) -> ControlState {
        let replies = try plain([
            RedisCommand("TIME"),
            RedisCommand(
                "HMGET", keyspace.control("slot"), "since", "assignment", "policy", "signals", "topology", "features"),
            RedisCommand("HMGET", keyspace.control("leader"), "id", "term", "until", "lease"),
        ])
        guard replies.count == 3, let time = replies[0].array, time.count == 2, let seconds = time[0].int,
            let micros = time[1].int, let slot = replies[1].array, slot.count == 6, let leader = replies[2].array,
            leader.count == 4
        else { throw .unexpectedReply(call: "state", came: "another shape") }
        let now = Instant(seconds: seconds) + .microseconds(micros)
        let until = Instant(milliseconds: leader[2].int ?? 0)
        let isPlausible = until <= now + .milliseconds(leader[3].int ?? 0)
        return ControlState(
            now: now, reachableSince: slot[0].int.map { Instant(milliseconds: $0) } ?? now,
            leader: leader[0].string.flatMap { try? MemberID($0) }, term: UInt64(clamping: leader[1].int ?? 0),
            leaderUntil: isPlausible ? until : .epoch, numbers: .init(slot.dropFirst().map { $0.int ?? 0 }))
    }

    func pairs(_ command: RedisCommand) throws(LaneError) -> [(String, String)] {
        guard let flat = try plain([command]).first?.array else {
            throw .unexpectedReply(call: command.name, came: "no array")
        }
        return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
            guard let name = flat[index].string, let value = flat[index + 1].string else { return nil }
            return (name, value)
        }
    }
}

extension ControlState {
    /// Reads the word and the ten values of `state` in `slot.lua`.
    init(reply: [RedisReply], of call: String) throws(LaneError) {
        let values = reply.dropFirst().map(\.int)
        guard reply.count == 11, let now = values[0], let since = values[1], let leader = reply[3].string,
            let term = values[3], let until = values[4]
        else { throw .unexpectedReply(call: call, came: "\(reply.count) values") }
        self.init(
            now: Instant(milliseconds: now), reachableSince: Instant(milliseconds: since),
            leader: try? MemberID(leader), term: UInt64(clamping: term), leaderUntil: Instant(milliseconds: until),
            numbers: .init(values[5...].map { $0 ?? 0 }))
    }
}

extension ControlState.Numbers {
    /// In the order in which `slot.lua` gives them.
    fileprivate init(_ values: [Int64]) {
        let values = values.map(UInt64.init(clamping:)) + [0, 0, 0, 0, 0]
        self.init(
            assignment: values[0], policy: values[1], signals: values[2], topology: values[3], features: values[4])
    }
}

extension LaneSight {
    /// What a look says about a lane's owner.
    package init(_ look: LaneLook) {
        self.init(
            owner: look.owner.flatMap { try? MemberID($0) }, assignment: look.assignment,
            wanted: look.wantedBy.flatMap { try? MemberID($0) })
    }

    /// The same from the shorter look.
    package init(_ glance: LaneGlance) {
        self.init(
            owner: glance.owner.flatMap { try? MemberID($0) }, assignment: glance.assignment,
            wanted: glance.wantedBy.flatMap { try? MemberID($0) })
    }
}
