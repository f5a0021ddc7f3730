internal import Contracts
internal import Conversations
internal import Delivery
internal import Lanes
internal import SwiftProtobuf

// Before the lane goes on: which actions are theirs, then states, those actions, open items.
extension ForgetSlices {
    /// Learns which actions are for the person: threads under posts know some texts on their way by nothing else.
    func waitingActions(
        _ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let page = try store.page(lane.name, .actions, after: cursor) else { return false }
        for (name, value) in page.pairs {
            guard let action = Self.action(value), job.person.concerns(action) else { continue }
            ActionID(hex: name).map { _ = job.actions.insert($0) }
        }
        job.stage = page.next == "0" ? .states(hash: 0, cursor: "0") : .waiting(cursor: page.next)
        return true
    }

    func states(
        _ job: inout ForgetJob, _ hash: Int, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let page = try store.statePage(lane.name, hash: hash, after: cursor) else { return false }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        if hash == 0, cursor == "0" { request.timers = [job.person.messages] }
        for stored in page.states where stored.entity.kind != .comments {
            request.add(try StateErasure.of(stored, job.person), stored.entity)
        }
        let threads = page.states.filter { $0.entity.kind == .comments }
        guard try erase(threads, byAuthor: true, &request, &job, lane, store) else { return false }
        if page.next != "0" {
            job.stage = .states(hash: hash, cursor: page.next)
        } else {
            job.stage =
                hash + 1 < StateHash.count ? .states(hash: hash + 1, cursor: "0") : .actions(cursor: "0")
        }
        return true
    }

    /// Takes the person out of threads under posts, with whatever else the request holds; false if the lane could not be
    /// written to.
    func erase(
        _ threads: [LaneCommit.State], byAuthor: Bool, _ request: inout EraseRequest, _ job: inout ForgetJob,
        _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let before = job.progress
        for stored in threads {
            let (erasure, item) = try StateErasure.thread(
                stored, &job, listed: { try store.listed(lane.name, [stored.entity])?.first ?? nil },
                byAuthor: byAuthor)
            request.add(erasure, stored.entity)
            switch item {
            case .unchanged: break
            case .remove: request.openItems.append(stored.entity)
            case .set(let item):
                request.listed.append(
                    LaneCommit.State(entity: stored.entity, bytes: try item.serializedBytes()))
            }
        }
        request.timers += request.states
        // Only its state tells that a thread is theirs.
        if job.progress != before {
            guard try noteProgress(job, lane, store) else { return false }
        }
        guard try erase([request], store) else { return false }
        if !request.isEmpty { lane.forgetStates() }
        job.tally.states += request.states.count + request.written.count
        job.tally.openItems += request.openItems.count
        return true
    }

    func actions(
        _ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let person = job.person
        guard let done = try eraseActions(after: cursor, lane, store, where: { person.concerns($0) }) else {
            return false
        }
        job.tally.actions += done.count
        job.stage = done.next == "0" ? .open(cursor: "0") : .actions(cursor: done.next)
        return true
    }

    func openItems(
        _ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let page = try store.page(lane.name, .open, after: cursor) else { return false }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        request.openItems = page.pairs.compactMap { job.person.owns($0.name) ? try? EntityID($0.name) : nil }
        guard try erase([request], store) else { return false }
        job.tally.openItems += request.openItems.count
        let isAtEnd = page.next == "0"
        job.stage = !isAtEnd ? .open(cursor: page.next) : job.isDesk ? .asking : .learningKept(cursor: "0")
        // Before the lane goes on: what is there from now on is somebody new's.
        return try job.isBeforeLog || noteProgress(job, lane, store)
    }

    /// Erases what of one page of actions meets the condition, and takes it from the courier; nil if the lane was lost.
    func eraseActions(
        after cursor: String, _ lane: HeldLane, _ store: LaneStore, where goes: (Action) -> Bool
    ) throws -> (next: String, count: Int)? {
        guard let page = try store.page(lane.name, .actions, after: cursor) else { return nil }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        request.actions = page.pairs.compactMap { name, value in
            guard let action = Self.action(value), goes(action) else { return nil }
            return ActionID(hex: name)
        }
        guard try erase([request], store) else { return nil }
        if !request.actions.isEmpty {
            courier?.handed(HandOver(lane: lane.name, actions: [], cancelled: request.actions))
        }
        return (page.next, request.actions.count)
    }

    private static func action(_ value: [UInt8]) -> Action? {
        try? Action(serializedBytes: Array(value.dropFirst(StoredAction.headerBytes)))
    }
}

extension EraseRequest {
    mutating func add(_ erasure: StateErasure, _ entity: EntityID) {
        switch erasure {
        case .stays: break
        case .goes: states.append(entity)
        case .less(let bytes): written.append(LaneCommit.State(entity: entity, bytes: bytes))
        }
    }
}
