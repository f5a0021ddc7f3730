internal import Contracts
internal import Conversations
internal import Delivery
internal import Instants
internal import Lanes
internal import SwiftProtobuf

// A desk's part in the end of threads under posts.
//
// Problem: a desk knows a thread by its name, which tells no person, and would go on calling people for a matter that is
// gone. Choice: each lane that carries an order out leaves the hashes of the threads that went, or in which nothing is open
// any more, beside what it has done; a desk that has the same order asks the lanes that were given it, twice a second, until
// all have answered, and then erases or closes the matters of these threads, but those for which somebody has asked since,
// takes their calls out of the digest, and goes on to its log. Rejected: a tell, which would carry the thread's name, that is the id of a comment, through outbox, log and results of the desk.
// How it fails: of an order whose lanes were not written down the desk asks nobody; after eight days it stops to wait.
extension ForgetSlices {
    private static let asksEvery = Duration.milliseconds(500)

    /// Whether the other lanes have told by now.
    func ask(_ job: inout ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        job.asksAgainAt = nil
        let others: [LaneName]
        do throws(LaneError) {
            others = Set(try store.ordered(job.order.name) ?? []).filter { !$0.isDesk }.sorted()
        } catch {
            guard error.isAway else { throw error }
            // The control slot's server is away: that is no reason for this runner's lanes to stand still.
            job.asksAgainAt = .now + Self.asksEvery
            return true
        }
        var left = ThreadsLeft()
        for people in try store.forgotten(others) {
            guard let told = people?.threadsLeft(of: job.order.name) else {
                job.asksAgainAt = .now + Self.asksEvery
                return true
            }
            left.add(told)
        }
        job.calmedThreads = left.calmed
        job.person.goneThreads = left.gone
        job.stage = left.isEmpty ? .learningKept(cursor: "0") : .matters(hash: 0, cursor: "0")
        return true
    }

    func matters(
        _ job: inout ForgetJob, _ hash: Int, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let page = try store.statePage(lane.name, hash: hash, after: cursor) else { return false }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        guard let desk = try desk(of: page.states, lane, store) else { return false }
        try end(page.states, of: desk.first, job, &request)
        request.timers = request.states + request.written.map(\.entity).filter { $0.kind == .matter }
        if !request.timers.isEmpty {
            guard try dropCalls(of: Set(request.timers.map(\.text)), lane, store) else { return false }
        }
        guard try erase([request], store) else { return false }
        if !request.isEmpty { lane.forgetStates() }
        job.tally.states += request.states.count + request.written.count
        if page.next != "0" {
            job.stage = .matters(hash: hash, cursor: page.next)
        } else {
            job.stage = hash + 1 < StateHash.count ? .matters(hash: hash + 1, cursor: "0") : .learningKept(cursor: "0")
        }
        return true
    }

    /// The desk of these matters, if it has a state, among them or in another of the lane's hashes; nil if the lane is away.
    private func desk(
        of states: [LaneCommit.State], _ lane: HeldLane, _ store: LaneStore
    ) throws -> [LaneCommit.State]? {
        if let found = states.first(where: { $0.entity.kind == .desk }) { return [found] }
        guard let id = states.first(where: { $0.entity.kind == .matter })?.entity.parent else { return [] }
        guard let found = try store.states([(lane: lane.name, entities: [id])])[0] else { return nil }
        return found.compactMap { $0 }.map { LaneCommit.State(entity: id, bytes: $0) }
    }

    /// What of a desk's states has to go with the threads: matters, and calls of theirs that wait for a digest.
    private func end(
        _ states: [LaneCommit.State], of stored: LaneCommit.State?, _ job: ForgetJob, _ request: inout EraseRequest
    ) throws {
        let known = stored.flatMap { try? EntityState(serializedBytes: $0.bytes) }
        var desk = known?.desk ?? Desk()
        for stored in states where stored.entity.kind == .matter {
            let thread = StableHash.hash(stored.entity.parts.last ?? "")
            let isGone = job.person.goneThreads.contains(thread)
            guard isGone || job.calmedThreads.contains(thread),
                var state = try? EntityState(serializedBytes: stored.bytes),
                // Somebody else who asked for it since is owed what they were told.
                state.matter.lastAskedAt <= job.order.at.milliseconds
            else { continue }
            let wasOpen = state.matter.end(at: &desk)
            if isGone {
                request.states.append(stored.entity)
            } else if wasOpen {
                state.timers = []
                request.written.append(LaneCommit.State(entity: stored.entity, bytes: try state.serializedBytes()))
            }
        }
        guard let stored, var holder = known else { return }
        var left = stored
        if desk != holder.desk {
            holder.desk = desk
            left = LaneCommit.State(entity: stored.entity, bytes: try holder.serializedBytes())
        }
        let erasure = try StateErasure.of(left, job.person)
        request.add(erasure == .stays && left.bytes != stored.bytes ? .less(left.bytes) : erasure, left.entity)
    }

    /// Calls for these matters that have not gone out.
    private func dropCalls(of matters: Set<String>, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        var cursor = "0"
        repeat {
            guard
                let done = try eraseActions(
                    after: cursor, lane, store, where: { matters.contains($0.conversation) })
            else { return false }
            cursor = done.next
        } while cursor != "0"
        return true
    }
}
