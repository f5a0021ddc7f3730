internal import Contracts
internal import Conversations
internal import Delivery
internal import Instants
internal import Lanes
internal import SwiftProtobuf

// A person's way out of a lane, slice by slice, between two rounds (`Lanes/Erasure/Forgetting.swift` has the whole of it).
//
// First, while nothing of the lane is decided: states with their timers, actions, open items; the courier is told. Then,
// while it goes on, the log is read for what states did not tell, and threads under posts are looked at again; then go the
// log, what was kept of it, dead letters, results. Before its log a desk waits for what the account's lanes tell of threads.
// A slice is one page and its erasure, some milliseconds. Batches of results mix people, and a stream's entry cannot be changed: the batch goes, and one in which only
// places, instants and verdicts are left of the person lies in `kept` under its old id, where readers find it. What a slice
// learns and erases the trace of is noted before it is erased, so that another owner carries on and does not begin again.
extension RunnerLoop {
    var slices: ForgetSlices { ForgetSlices(courier: courier) }

    /// Learns of lanes just taken whom they are to forget. Gives those of which it is known.
    func learnForgotten(_ picked: [HeldLane], _ store: LaneStore) throws -> [HeldLane] {
        let unknown = picked.filter { $0.forgetting == nil }
        guard !unknown.isEmpty else { return picked }
        for (lane, people) in zip(unknown, try store.forgotten(unknown.map(\.name))) {
            guard let people else {
                waits(lane.name, true)
                noteMisfit(of: lane.name)
                continue
            }
            lane.forgetting = LaneForgetting(people, cursor: lane.cursor, isDesk: lane.name.isDesk)
            if lane.forgetting?.isIdle == false {
                forgetters.insert(lane.name)
            }
        }
        return picked.filter { $0.forgetting != nil }
    }

    /// Writes down the order that a run of events ends with, before it is decided; false if the lane could not take it.
    /// One that the lane has already is passed over.
    func noteOrder(_ events: [LoggedEvent], _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard let order = events.last?.forgetOrder, lane.forgetting?.people.knows(order) != true else { return true }
        var note = ForgetNote(lane: lane.name, token: lane.token)
        try note.begin(order, now: lane.clock.now)
        guard try store.note(note) else { return false }
        lane.forgetting?.began(order, now: lane.clock.now)
        forgetters.insert(lane.name)
        return true
    }

    /// Writes down what a run passes over, before it counts as decided; false if the lane could not take it.
    func noteLate(_ places: [Position], _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        for start in stride(from: 0, to: places.count, by: ForgetNote.mostPlaces) {
            var note = ForgetNote(lane: lane.name, token: lane.token)
            note.late(places[start...].prefix(ForgetNote.mostPlaces))
            guard try store.note(note) else { return false }
        }
        return true
    }

    /// One slice of each lane that has something to forget; true if there is more at once.
    func forgetSome() throws -> Bool {
        guard !forgetters.isEmpty, let store else { return false }
        var hasMore = false
        for name in forgetters.sorted() {
            guard let lane = lanes[name], lane.forgetting != nil else {
                forgetters.remove(name)
                continue
            }
            guard !waiting.contains(name) else { continue }
            guard lane.forgetting?.isRunnable(at: lane.cursor) == true else {
                if lane.forgetting?.isIdle == true { forgetters.remove(name) }
                continue
            }
            guard try contained(name, { try forgetSlice(lane, store) }) else { continue }
            if lane.forgetting?.isRunnable(at: lane.cursor) == true { hasMore = true }
        }
        return hasMore
    }

    /// False if the lane could not be written to; it is tried again with its next look.
    private func forgetSlice(_ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard var job = lane.forgetting?.next(at: lane.cursor) else { return try slices.eraseLate(lane, store) }
        let wasHeld = lane.forgetting?.holdsLane(at: lane.cursor) == true
        guard try slices.slice(&job, lane, store) else {
            waits(lane.name, true)
            return false
        }
        lane.forgetting?.put(job)
        guard job.stage == .ended else {
            if wasHeld, lane.forgetting?.holdsLane(at: lane.cursor) == false { enqueue(lane) }
            return true
        }
        return try end(job, lane, store)
    }

    private func end(_ job: ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard try slices.noteEnd(of: job, lane, store) else { return false }
        lane.forgetting?.ended(job, now: lane.clock.now)
        enqueue(lane)
        return true
    }
}
