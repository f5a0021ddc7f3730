package import Instants
package import Lanes
internal import Redis

/// One thing outside the lanes, as somebody last saw it.
package struct Signal: Sendable, Hashable {
    /// Such as `backlog.de-berlin`; no tab or line end, like all the texts here.
    package let name: String
    package let value: String
    /// Redis' clock.
    package let at: Instant
    package let writer: String

    package init(name: String, value: String, at: Instant, writer: String) {
        self.name = name
        self.value = value
        self.at = at
        self.writer = writer
    }
}

/// The numbered snapshot that decisions read.
package struct SignalsSnapshot: Sendable, Hashable {
    package let number: UInt64
    /// Redis' clock when it was numbered. Without a leader the last snapshot stays, and this tells its age.
    package let at: Instant
    package let writer: String
    /// In the order of names.
    package let signals: [Signal]
}

extension ControlStore {
    /// Numbers a snapshot.
    package func number(
        _ content: SignalsContent, by leader: MemberID, term: UInt64
    ) throws(LaneError) -> LeaderWrite {
        let reply = try call("signals", ["slot", "leader", "signals"]) { command in
            command.add(leader.text)
            command.add(term)
            command.add(content.bytes)
        }
        return try LeaderWrite(reply: reply, of: "signals")
    }

    /// The last snapshot; nil before the first.
    package func signals() throws(LaneError) -> SignalsSnapshot? {
        let command = RedisCommand("HMGET", keyspace.control("signals"), "number", "at", "writer", "content")
        guard let fields = try plain([command]).first?.array, fields.count == 4 else {
            throw .unexpectedReply(call: "signals", came: "another shape")
        }
        guard let number = fields[0].int, let at = fields[1].int, let content = fields[3].string else { return nil }
        let signals = content.split(separator: "\n").compactMap { line -> Signal? in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, let at = Int64(parts[2]) else { return nil }
            return Signal(name: parts[0], value: parts[1], at: Instant(milliseconds: at), writer: parts[3])
        }
        return SignalsSnapshot(
            number: UInt64(clamping: number), at: Instant(milliseconds: at), writer: fields[2].string ?? "",
            signals: signals)
    }
}
