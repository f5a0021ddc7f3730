package import Instants

// Who lives.
//
// Problem: a lease that ended says that its owner did not reach Redis, and so does a Redis that was away. After a
// restart of Redis every lease has ended, and declaring everybody dead would move every lane for nothing.
// Choice: the control slot itself remembers since when it has been reachable (`reachableSince`, kept by every heartbeat
// and renewal in `Functions/beat.lua` and `lead.lua`). It begins anew with the server's process, when the server's
// clock was set back, and when nobody at all came for half a lease. Only once it has been reachable for a whole lease
// is anybody dead: by then everybody that lives had a whole lease to come back.
// Rejected: "reachable since" kept by each observer, which a newly started leader would always have to wait out.
// How it fails: a death right after an outage of Redis is noticed up to one lease later.

/// The members at one instant of Redis' clock.
package struct Census: Sendable {
    /// Every member of whom it is not known that it is dead, in the order of ids.
    package let living: [MemberRecord]
    /// Whether anybody may be declared dead at all.
    package let canJudge: Bool

    private let livingIDs: Set<MemberID>
    private let freshSince: Instant

    /// - Parameter lease: what members are given for a heartbeat.
    package init(_ records: [MemberRecord], at state: ControlState, lease: Duration) {
        canJudge = state.reachableSince + lease <= state.now
        let judged = canJudge ? records.filter { $0.isCurrent(at: state.now) } : records
        living = judged.sorted { $0.id < $1.id }
        livingIDs = Set(living.map(\.id))
        freshSince = state.now - lease / 2
    }

    /// Whether its lanes may be taken: it is neither alive nor possibly on its way back. A member without a record (it
    /// left, or Redis lost the record with its tail) is judged like one whose lease ended.
    package func isDead(_ id: MemberID) -> Bool { canJudge && !livingIDs.contains(id) }

    /// The instant at which the next lease ends, if nobody beats again.
    package var nextEnd: Instant? { living.map(\.until).min() }

    /// Members that may be given lanes: alive and not about to stop.
    package var placeable: [MemberID] { living.filter { !$0.isLeaving }.map(\.id) }

    /// Members that are alive by their lease, but were not heard for half of it: they may well be dead. They keep what
    /// they have and get nothing, so that a lane that lost its owner does not go to the next one that just died.
    package var silent: Set<MemberID> { Set(living.filter { $0.beatAt <= freshSince }.map(\.id)) }
}
