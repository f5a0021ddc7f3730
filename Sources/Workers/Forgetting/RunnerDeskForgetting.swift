internal import Contracts
internal import Delivery
internal import Instants
internal import Lanes
internal import SwiftProtobuf

// A desk's part in the end of threads under posts.
//
// Problem: a desk knows a thread by its name, which tells no person, and would go on calling people for a matter that is
// gone. Choice: each lane that carries an order out leaves the hashes of the threads that went, or in which nothing is open
// any more, beside what it has done; a desk that has the same order asks the lanes that were given it, twice a second, until
// all have answered, and then erases or closes the matters of these threads, but those that were opened afterwards, and goes
// on to its log. Rejected:
// a tell, which would carry the thread's name, that is the id of a comment, through outbox, log and results of the desk.
// How it fails: of an order whose lanes were not written down the desk asks nobody; after eight days it stops to wait.
extension RunnerLoop {
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
        for stored in page.states { try end(stored, &job, &request) }
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

    /// What of a desk's states has to go with the threads.
    private func end(_ stored: LaneCommit.State, _ job: inout ForgetJob, _ request: inout EraseRequest) throws {
        switch stored.entity.kind {
        case .matter:
            let thread = StableHash.hash(stored.entity.parts.last ?? "")
            let isGone = job.person.goneThreads.contains(thread)
            guard isGone || job.calmedThreads.contains(thread),
                var state = try? EntityState(serializedBytes: stored.bytes),
                state.matter.openedAt <= job.order.at.milliseconds
            else { return }
            if isGone { return request.states.append(stored.entity) }
            guard [.notified, .acknowledged].contains(state.matter.standing) else { return }
            state.matter.standing = .closed
            state.timers = []
            request.written.append(LaneCommit.State(entity: stored.entity, bytes: try state.serializedBytes()))
        case .desk:
            request.add(try StateErasure.of(stored, job.person), stored.entity)
        default: return
        }
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
