package import Instants

// Who lives.
//
// Problem: a lease that ended says that its owner did not reach Redis, and so does a Redis that was away. After a
// restart of Redis every lease has ended, and declaring everybody dead would move every lane for nothing. And a whole
// lease is long for the commonest death of all, a process that crashed and was started again at once.
// Choice: the control slot itself remembers since when it has been reachable (`reachableSince`, kept by every heartbeat
// and renewal in `Functions/beat.lua` and `lead.lua`). It begins anew with the server's process, when the server's
// clock was set back, and when nobody at all came for half a lease. Only once it has been reachable for a whole lease
// is anybody dead for its silence alone: by then everybody that lives had a whole lease to come back.
// With evidence half a lease is enough. The evidence is a successor: a member of the same name and another incarnation
// that was heard later. Who is succeeded is dead when it was silent for half a lease of reachable time, which is one
// and a half of its intervals. The name alone proves nothing, since it is given by whoever starts a process: of two that
// bear one name by mistake, or during an upgrade that starts the new one before the old one ends, both beat, and neither
// is ever silent that long. What follows for the wait of a lane: `LeaseTimes`.
// Rejected: "reachable since" kept by each observer, which a newly started leader would always have to wait out. A
// shorter lease: every pause of a process would move its lanes. Watching the members' connections to Redis: a broken
// connection is no death, and a frozen process keeps its own.
// How it fails: a death without a successor right after an outage of Redis is noticed up to one lease later. A process
// that pauses for half a lease while another bears its name loses its lanes, as any other does after a whole one; its
// commits are fenced.

/// The members at one instant of Redis' clock.
package struct Census: Sendable {
    /// Every member of whom it is not known that it is dead, in the order of ids.
    package let living: [MemberRecord]
    /// Whether anybody may be declared dead for its silence alone.
    package let canJudge: Bool
    /// Redis' clock.
    package let now: Instant

    private let livingIDs: Set<MemberID>
    private let recorded: Set<MemberID>
    /// Of each name, the member that was heard last.
    private let newest: [String: MemberRecord]
    private let reachableSince: Instant
    private let lease: Duration

    /// - Parameter lease: what members are given for a heartbeat.
    package init(_ records: [MemberRecord], at state: ControlState, lease: Duration) {
        now = state.now
        canJudge = state.reachableSince + lease <= state.now
        reachableSince = state.reachableSince
        self.lease = lease
        var newest: [String: MemberRecord] = [:]
        for record in records where record.beatAt <= state.now {
            if let other = newest[record.id.name], (other.beatAt, other.id) > (record.beatAt, record.id) { continue }
            newest[record.id.name] = record
        }
        self.newest = newest
        let canJudge = canJudge
        living = records.filter { record in
            if Self.isSucceeded(record, by: newest[record.id.name]) {
                return state.now < Self.end(ofSucceeded: record, state.reachableSince, lease)
            }
            return !canJudge || record.isCurrent(at: state.now)
        }.sorted { $0.id < $1.id }
        livingIDs = Set(living.map(\.id))
        recorded = Set(records.map(\.id))
    }

    /// Whether its lanes may be taken: it is neither alive nor possibly on its way back. A member without a record (it
    /// left, or Redis lost the record with its tail) is judged like one that was never heard.
    package func isDead(_ id: MemberID) -> Bool {
        if livingIDs.contains(id) { return false }
        return canJudge || recorded.contains(id) || newest[id.name] != nil && reachableSince + lease / 2 <= now
    }

    /// The instant at which the next member will be dead, if nobody beats again. Nil without living members.
    package var nextEnd: Instant? {
        living.map { record in
            Self.isSucceeded(record, by: newest[record.id.name])
                ? Self.end(ofSucceeded: record, reachableSince, lease) : max(record.until, reachableSince + lease)
        }.min()
    }

    /// Members that may be given lanes: alive and not about to stop.
    package var placeable: [MemberID] { living.filter { !$0.isLeaving }.map(\.id) }

    /// Members that are alive by their lease, but were not heard for half of it: they may well be dead. They keep what
    /// they own and get nothing, so that a lane that lost its owner does not go to the next one that just died.
    package var silent: Set<MemberID> { Set(living.filter { $0.beatAt <= now - lease / 2 }.map(\.id)) }

    private static func isSucceeded(_ record: MemberRecord, by newest: MemberRecord?) -> Bool {
        guard let newest else { return false }
        return newest.id != record.id && newest.beatAt > record.beatAt
    }

    private static func end(ofSucceeded record: MemberRecord, _ since: Instant, _ lease: Duration) -> Instant {
        min(max(record.beatAt, since) + lease / 2, max(record.until, since + lease))
    }
}
