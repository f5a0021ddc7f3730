package import Contracts
internal import Instants
package import Lanes
internal import Redis

/// The answer to a leader's write.
package enum LeaderWrite: Sendable, Hashable {
    case written(number: UInt64)
    /// Another leads, or the lease ended.
    case fenced(term: UInt64)
    /// Something was written that the leader has not read.
    case stale(current: UInt64)

    init(reply: [RedisReply], of call: String) throws(LaneError) {
        guard reply.count == 2, let number = reply[1].int.map(UInt64.init(clamping:)) else {
            throw .unexpectedReply(call: call, came: "\(reply.count) values")
        }
        switch reply[0].string {
        case "written", "left": self = .written(number: number)
        case "fenced": self = .fenced(term: number)
        case "stale": self = .stale(current: number)
        default: throw .unexpectedReply(call: call, came: reply[0].kind)
        }
    }
}

/// What coordinators do; everything but `lead` is fenced by the term.
extension ControlStore {
    /// Takes or renews the leader's lease; whether this coordinator leads now.
    ///
    /// - Parameter features: the feature level that every living member has; 0 if unknown.
    package func lead(
        _ id: MemberID, lease: Duration, gap: Duration, features: UInt64 = 0
    ) throws(LaneError) -> (leads: Bool, state: ControlState) {
        let reply = try call("lead", ["slot", "leader"]) { command in
            command.add(id.text)
            command.add(lease.wholeMilliseconds)
            command.add(gap.wholeMilliseconds)
            command.add(features)
            command.add(wakeChannel)
        }
        return (reply.first?.string == "leading", try ControlState(reply: reply, of: "lead"))
    }

    /// Lays the leader's lease down, if this coordinator has it.
    package func resign(_ id: MemberID, gap: Duration) throws(LaneError) {
        _ = try lead(id, lease: .zero, gap: gap)
    }

    /// Writes where lanes are to be; nil is nobody. At most `mostMoves` lanes.
    package func assign(
        _ moves: [(lane: LaneName, member: MemberID?)], by leader: MemberID, term: UInt64, expected: UInt64
    ) throws(LaneError) -> LeaderWrite {
        guard (1...Self.mostMoves).contains(moves.count) else {
            throw .invalidRequest("expected 1 to \(Self.mostMoves) lanes, got \(moves.count)")
        }
        let reply = try call("assign", ["slot", "leader", "assignment", "moved"]) { command in
            command.add(leader.text)
            command.add(term)
            command.add(expected)
            command.add(wakeChannel)
            for (lane, member) in moves {
                command.add(lane.text)
                command.add(member?.text ?? "")
            }
        }
        return try LeaderWrite(reply: reply, of: "assign")
    }

    /// Forgets members whose lease ended, at most 1,000; the number in the answer is how many went.
    package func expel(
        _ members: [MemberID], by leader: MemberID, term: UInt64
    ) throws(LaneError) -> LeaderWrite {
        let reply = try call("leave", ["leader", "members"]) { command in
            command.add(leader.text)
            command.add(term)
            command.add(wakeChannel)
            for member in members.prefix(1_000) { command.add(member.text) }
        }
        return try LeaderWrite(reply: reply, of: "leave")
    }
}
