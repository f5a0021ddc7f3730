internal import Contracts
internal import Instants
internal import Lanes
internal import Logging
internal import Telemetry

/// Walks through retired lanes. Belongs to one thread.
final class RetiredForgetting {
    /// Lanes whose orders are read at a time.
    static let mostLanes = 256

    private let slices = ForgetSlices(courier: nil)
    /// Lanes with something to do.
    private var held: [LaneName: HeldLane] = [:]
    /// Which lanes are looked at next.
    private var next = 0
    /// The lane that had the last turn: one that fails slowly does not keep those behind it from theirs.
    private var latest: LaneName?
    var aging = RetiredAging()
    /// Why lanes were passed over last, as told; until they have no more to do.
    private var faults: [LaneName: String] = [:]
    /// Lanes from which this term keeps earlier ones out already.
    private var claimed: Set<LaneName> = []
    /// Orders that stood in a lane when it was looked at last.
    private var standing: [LaneName: OpenOrders] = [:]
    private var term: UInt64 = 0
    private let log: Logger

    init(log: Logger) { self.log = log }

    /// Of all lanes that were looked at in this term.
    var open: OpenOrders { standing.sorted { $0.key < $1.key }.reduce(OpenOrders()) { $0 + $1.value } }

    /// Takes nothing for known any more: orders and how far they are stand in the lanes.
    func startAgain(term: UInt64) {
        self.term = term
        (held, claimed, standing) = ([:], [], [:])
    }

    /// Removes what was kept in the next lanes and has aged, if it is time.
    func age(_ retired: [LaneName], _ store: LaneStore, now: ContinuousClock.Instant) throws {
        let (names, retention) = aging.next(of: retired, now: now)
        guard let retention, !names.isEmpty else { return }
        for look in try store.look(names) {
            guard let tenure = look.retiredTenure(term: term) else { continue }
            let lane = HeldLane(tenure, assignment: look.assignment, now: now)
            _ = try contained(lane.name, store) {
                try slices.age(lane, log: retention.log, results: retention.results, now: lane.clock.now, store)
            }
        }
    }

    /// False if it failed, for a reason that need not be the next lane's; the reason is logged once.
    private func contained(_ lane: LaneName, _ store: LaneStore, _ body: () throws -> Bool) throws -> Bool {
        do {
            if try body() { return true }
            tell("the lane cannot be reached or written to, is in use again, or another leads by now", of: lane)
        } catch {
            if case .outOfStep? = error as? LaneError { throw error }
            guard !store.isBroken else { throw error }
            tell("\(error)", of: lane)
        }
        return false
    }

    private func tell(_ cause: String, of lane: LaneName) {
        guard faults.updateValue(cause, forKey: lane) != cause else { return }
        log.warning("A retired lane was passed over", metadata: .of((.lane, lane.text), (.cause, cause)))
    }

    /// Does what can be done until then; true if more can be done at once. Faults of one lane are passed over: it is tried again.
    ///
    /// - Parameter retired: the topology's, in order.
    func forget(
        in retired: [LaneName], _ store: LaneStore, until end: ContinuousClock.Instant
    ) throws -> Bool {
        let known = Set(retired)
        held = held.filter { known.contains($0.key) }
        faults = faults.filter { known.contains($0.key) }
        standing = standing.filter { known.contains($0.key) }
        claimed.formIntersection(known)
        try find(among: retired, store)
        let names = held.keys.sorted()
        let behind = latest.flatMap { latest in names.firstIndex { $0 > latest } } ?? 0
        for name in names[behind...] + names[..<behind] {
            guard let lane = held[name], ContinuousClock.now < end else { break }
            latest = name
            while lane.forgetting?.isRunnable(at: lane.cursor) == true, ContinuousClock.now < end {
                guard try contained(name, store, { try slice(lane, store) }) else {
                    held[name] = nil
                    break
                }
            }
            // What waits for others is found again.
            if lane.forgetting?.isRunnable(at: lane.cursor) != true { (held[name], faults[name]) = (nil, nil) }
        }
        return !held.isEmpty
    }

    /// Reads who is to be forgotten in the next lanes.
    private func find(among retired: [LaneName], _ store: LaneStore) throws {
        guard !retired.isEmpty else { return }
        if next >= retired.count { next = 0 }
        let names = retired[next...].prefix(Self.mostLanes).filter { held[$0] == nil }
        next += Self.mostLanes
        guard !names.isEmpty else { return }
        let found = zip(names, try store.forgotten(names)).compactMap { name, people in
            if people != nil { standing[name] = nil }
            return people.flatMap { $0.isEmpty ? nil : (lane: name, people: $0) }
        }
        guard !found.isEmpty else { return }
        let looks = Dictionary(try store.look(found.map(\.lane)).map { ($0.lane, $0) }) { first, _ in first }
        for (name, people) in found {
            guard let look = looks[name], let tenure = look.retiredTenure(term: term) else { continue }
            let lane = HeldLane(tenure, assignment: look.assignment, now: .now)
            if !people.orders.isEmpty {
                standing[name] = OpenOrders(
                    count: people.orders.count, oldest: people.orders.map { lane.clock.now - $0.at }.max())
            }
            guard try contained(name, store, { try begin(with: people, lane, store) }) else { continue }
            if lane.forgetting?.jobs.isEmpty == false { held[name] = lane }
        }
    }

    /// Keeps earlier terms out, and then reads what is to be done. Tombstones and answers go after eight days, as an owner has them
    /// go. False if the lane takes nothing.
    private func begin(with people: ForgottenPeople, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        let isNew = !people.orders.isEmpty && !claimed.contains(lane.name)
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.dropOld(of: people, now: lane.clock.now)
        if isNew { note.claim() }
        guard try store.note(note) else { return false }
        // What another term has done in between counts; from now on nobody else does anything.
        guard let people = isNew ? try store.forgotten([lane.name])[0] : people else { return false }
        if !people.orders.isEmpty { claimed.insert(lane.name) }
        lane.forgetting = LaneForgetting(people, cursor: lane.cursor, isDesk: true)
        return true
    }

    /// False if the lane could not be written to, or holds what makes no sense.
    private func slice(_ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard var job = lane.forgetting?.next(at: lane.cursor) else { return try slices.eraseLate(lane, store) }
        guard try slices.slice(&job, lane, store) else { return false }
        lane.forgetting?.put(job)
        guard job.stage == .ended else { return true }
        guard try slices.noteEnd(of: job, lane, store) else { return false }
        lane.forgetting?.ended(job, now: lane.clock.now)
        return true
    }
}
