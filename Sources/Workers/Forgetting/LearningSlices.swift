internal import Contracts
internal import Lanes

// What only the log tells, while the lane goes on.
//
// Problem: a thread keeps marks of its newest comments only, and states of before do not tell who began it, so a state may
// hold a promise or a text on its way of somebody of whom no mark is left. Choice: the log and what was kept of it are read
// to the order's place before anything of them is erased; then the threads in which they have comments of the person are
// looked at, by these comments alone, since what the person writes there meanwhile is somebody new's. Rejected: to read the
// log while the lane is held, which takes seconds where it is long. How it fails: of what the log does not hold any more
// nobody knows; the command names threads whose beginning is lost.
extension ForgetSlices {
    private static let learnPage = 16
    private static let visitsASlice = 64

    func learnKept(_ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard let page = try store.page(lane.name, .kept, after: cursor) else { return false }
        for (name, value) in page.pairs {
            if case .event(let position) = KeptField(name) { job.learn(value, at: position) }
        }
        job.stage = page.next == "0" ? .learning(after: .start) : .learningKept(cursor: page.next)
        return true
    }

    func learn(_ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        let page = try store.log(lane.name, after: after, most: Self.learnPage)
        let before = page.filter { $0.id <= job.order.position.entry }
        for entry in before {
            guard let ranges = try? EventFraming.ranges(of: entry.body) else { continue }
            for (index, range) in ranges.enumerated() {
                job.learn(Array(entry.body[range]), at: Position(entry: entry.id, index: index))
            }
        }
        guard page.count < Self.learnPage || before.count < page.count else {
            job.stage = .learning(after: before.last?.id ?? after)
            return true
        }
        job.learned()
        return try noteProgress(job, lane, store)
    }

    /// Threads in which the log has comments of theirs; some of them whole, if nobody else wrote there.
    func visit(_ job: inout ForgetJob, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        let names = job.visits.sorted().prefix(Self.visitsASlice)
        guard !names.isEmpty else {
            job.stage = .log(after: .start)
            return true
        }
        let entities = names.compactMap { try? EntityID($0) }
        guard let states = try store.states([(lane: lane.name, entities: entities)])[0] else { return false }
        let threads = zip(entities, states).compactMap { entity, bytes in
            bytes.map { LaneCommit.State(entity: entity, bytes: $0) }
        }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        guard try erase(threads, byAuthor: false, &request, &job, lane, store) else { return false }
        job.visits.subtract(names)
        return true
    }
}
