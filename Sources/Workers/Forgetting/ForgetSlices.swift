internal import Contracts
internal import Delivery
internal import Lanes

/// The pages of a person's way out of a lane, for whoever may write there (`RunnerForgetting`, `RetiredForgetting`).
struct ForgetSlices {
    /// Is told of actions that go; nil where nothing is sent from the lane.
    let courier: Courier?

    /// Notes that nothing is left to be done, with what desks have to know; false if the lane could not take it.
    func noteEnd(of job: ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.end(job.order, job.tally, ThreadsLeft(job.progress), now: lane.clock.now)
        return try store.note(note)
    }

    /// Notes for the next owner what the job has learned; false if the lane could not take it.
    func noteProgress(_ job: ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.progress(job.progress, of: job.order)
        return try store.note(note)
    }

    /// Does the next page of the job; false if the lane could not be written to.
    func slice(_ job: inout ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        switch job.stage {
        case .waiting(let cursor): return try waitingActions(&job, cursor, lane, store)
        case .states(let hash, let cursor): return try states(&job, hash, cursor, lane, store)
        case .actions(let cursor): return try actions(&job, cursor, lane, store)
        case .open(let cursor): return try openItems(&job, cursor, lane, store)
        case .learningKept(let cursor): return try learnKept(&job, cursor, lane, store)
        case .learning(let after): return try learn(&job, after, lane, store)
        case .visits: return try visit(&job, lane, store)
        case .log(let after): return try log(&job, after, lane, store)
        case .kept(let cursor): return try kept(&job, cursor, lane, store)
        case .dead(let after): return try deadLetters(&job, after, lane, store)
        case .results(let after): return try results(&job, after, lane, store)
        case .asking: return try ask(&job, lane, store)
        case .matters(let hash, let cursor): return try matters(&job, hash, cursor, lane, store)
        case .ended: return true
        }
    }

    func erase(_ requests: [EraseRequest], _ store: LaneStore) throws -> Bool {
        let requests = requests.filter { !$0.isEmpty }
        guard !requests.isEmpty else { return true }
        return try store.erase(requests).allSatisfy { if case .erased = $0 { true } else { false } }
    }
}
