package import Contracts
internal import Instants
package import Lanes
internal import Redis

/// What tells pins from others: both commands and leaders count each change of theirs; whoever takes the key away, or lines of it,
/// does not.
package struct PinsStamp: Sendable, Equatable {
    /// Of the last change; 0 before the first.
    package let number: UInt64
    /// Lines of the key.
    package let count: UInt64

    package init(number: UInt64, count: UInt64) {
        self.number = number
        self.count = count
    }
}

/// Pins in the control slot. People write them; leaders heed them and take away what has ended. What `Functions/pin.lua`
/// and `unpin.lua` say holds. A coordinator of a version before them reads none of it and places by load.
extension ControlStore {
    /// Lanes that may be pinned at a time: each leader reads them all again after a change.
    package static let mostPins = 4_096

    /// Pins lanes, or pins them anew.
    ///
    /// - Parameters:
    ///   - duration: at least a millisecond, at most `LanePin.longest`.
    ///   - by: who says so; 64 characters of it are kept.
    /// - Throws: `.invalidRequest` for another duration, and if there would be more than `mostPins`. What came in an earlier
    ///   piece of 1,000 lanes stays then.
    package func pin(
        _ lanes: [LaneName], to member: MemberID, for duration: Duration, by author: String
    ) throws(LaneError) {
        guard duration >= .milliseconds(1), duration <= LanePin.longest else {
            throw .invalidRequest("expected a time up to \(LanePin.longest), got \(duration)")
        }
        _ = try change(lanes, to: member.text, duration.wholeMilliseconds, String(author.prefix(LanePin.mostAuthor)))
    }

    /// Removes pins; how many there were.
    package func unpin(_ lanes: [LaneName]) throws(LaneError) -> Int { try change(lanes, to: "", 0, "") }

    /// Every pin that can be read, in the order of lanes. O(pins).
    package func pins() throws(LaneError) -> [LanePin] {
        try pairs(RedisCommand("HGETALL", keyspace.control("pins"))).compactMap { name, value in
            (try? LaneName(name)).flatMap { LanePin(lane: $0, stored: value) }
        }.sorted { $0.lane < $1.lane }
    }

    /// Another one means other pins. One round trip, O(1).
    package func pinsStamp() throws(LaneError) -> PinsStamp {
        let replies = try plain([
            RedisCommand("HGET", keyspace.control("slot"), "pins"), RedisCommand("HLEN", keyspace.control("pins")),
        ])
        return PinsStamp(
            number: UInt64(clamping: replies.first?.int ?? 0), count: UInt64(clamping: replies.last?.int ?? 0))
    }

    /// Takes pins away that still are as the leader read them; the number in the answer is how many went.
    ///
    /// - Parameter pins: the first thousand of them; at least one.
    package func unpin(_ pins: [LanePin], by leader: MemberID, term: UInt64) throws(LaneError) -> LeaderWrite {
        let reply = try call("unpin", ["slot", "leader", "pins"]) { command in
            command.add(leader.text)
            command.add(term)
            for pin in pins.prefix(1_000) {
                command.add(pin.lane.text)
                command.add(pin.stored)
            }
        }
        return try LeaderWrite(reply: reply, of: "unpin")
    }

    /// Whom these lanes are assigned to; a lane that was never placed is missing.
    package func targets(of lanes: [LaneName]) throws(LaneError) -> [LaneName: MemberID] {
        guard !lanes.isEmpty else { return [:] }
        var command = RedisCommand("HMGET")
        command.add(keyspace.control("assignment"))
        for lane in lanes { command.add(lane.text) }
        guard let members = try plain([command]).first?.array, members.count == lanes.count else {
            throw .unexpectedReply(call: "assignment", came: "another number of lanes than asked for")
        }
        var targets: [LaneName: MemberID] = [:]
        for (lane, member) in zip(lanes, members) { targets[lane] = member.string.flatMap { try? MemberID($0) } }
        return targets
    }

    private func change(
        _ lanes: [LaneName], to member: String, _ milliseconds: Int64, _ author: String
    ) throws(LaneError) -> Int {
        var changed = 0
        for start in stride(from: 0, to: lanes.count, by: 1_000) {
            let reply = try call("pin", ["slot", "pins"]) { command in
                command.add(Self.mostPins)
                command.add(milliseconds)
                command.add(member)
                command.add(author)
                command.add(wakeChannel)
                for lane in lanes[start..<min(start + 1_000, lanes.count)] { command.add(lane.text) }
            }
            guard reply.count == 2, let count = reply[1].int else {
                throw .unexpectedReply(call: "pin", came: "\(reply.count) values")
            }
            guard reply[0].string == "done" else {
                throw .invalidRequest("expected at most \(Self.mostPins) pinned lanes, there are \(count) already")
            }
            changed += Int(count)
        }
        return changed
    }
}
