internal import Contracts
internal import Delivery
internal import Instants
package import Lanes
package import Logging
internal import Telemetry

// A person's way out of lanes that a resize took out of use.
//
// Problem: such a lane keeps its log, what was kept of it, its results and dead letters until they age, and has no owner who
// could carry an order out. Choice: whoever gives the order writes it where an owner would have noted it, and the leader's
// process walks through these lanes as an owner does, with a token that functions take only while the lane is retired. States and
// actions left with the move; as a desk does, the walk waits until the account's lanes have told which threads went, since
// results under these are the person's too. Rejected: to give such lanes owners, who would place, adopt and hand over what never
// decides anything; to erase in the command, which may be gone in the middle and which the platform's own orders do not have.
// How it fails: without a leader the order stands until there is one; a lane that is used again meanwhile has the order in
// its hash, and its owner carries on. Of two leaders for a moment one may overwrite what the other noted; both read the log.

/// A thread with a connection of its own that walks through retired lanes while its process leads.
package final class RetiredForgetter: Sendable {
    private struct Mail: Sendable {
        var leads: Bool?
        var retention: Retention?
        var isStopped = false
    }

    /// Orders are looked for so often.
    private static let looksEvery = Duration.seconds(1)
    /// So long it works before it looks whether it still leads.
    private static let share = Duration.milliseconds(200)

    private let mailbox: Mailbox<Mail>
    private let thread: PlainThread

    package init(connector: LaneConnector, log: Logger) {
        let mailbox = Mailbox(empty: Mail())
        self.mailbox = mailbox
        thread = PlainThread(name: "retired") { Self.run(connector, mailbox, log) }
    }

    /// Whether this process leads now.
    package func lead(_ leads: Bool) { mailbox.post { $0.leads = leads } }

    /// How long lanes keep what was kept of erased entries and batches; before the first word nothing of it goes.
    package func keep(_ retention: Retention) { mailbox.post { $0.retention = retention } }

    /// Ends after the page in hand; whether it has ended within `longest`.
    package func stop(atMost longest: Duration) -> Bool {
        mailbox.post { $0.isStopped = true }
        return thread.wait(atMost: longest)
    }

    private static func run(_ connector: LaneConnector, _ mailbox: Mailbox<Mail>, _ log: Logger) {
        var (leads, hasMore) = (false, false)
        var store: LaneStore?
        var topologies: TopologyStore?
        var fault: String?
        let walk = RetiredForgetting(log: log)
        while true {
            if let mail = mailbox.take(waiting: leads ? (hasMore ? .zero : looksEvery) : .seconds(3_600)) {
                if mail.isStopped { return }
                // Somebody else may have led since.
                if mail.leads == true, !leads { walk.startAgain() }
                leads = mail.leads ?? leads
                mail.retention.map { walk.aging.use($0) }
            }
            guard leads else { continue }
            do {
                let open = try store ?? connector.open()
                let known = topologies ?? TopologyStore(connection: open.connection, keyspace: open.keyspace)
                (store, topologies) = (open, known)
                let retired = try known.read().retired.keys.sorted()
                hasMore = try walk.forget(in: retired, open, until: .now + share)
                try walk.age(retired, open, now: .now)
                fault = nil
            } catch {
                // The next second tries again; what was erased is erased.
                if fault != "\(error)" {
                    log.warning("Retired lanes could not be looked through", metadata: .of((.cause, "\(error)")))
                }
                fault = "\(error)"
                walk.startAgain()
                (store, topologies, hasMore) = (nil, nil, false)
            }
        }
    }
}

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
    private let log: Logger

    init(log: Logger) { self.log = log }

    /// Takes nothing for known any more: orders and how far they are stand in the lanes.
    func startAgain() { held = [:] }

    /// Removes what was kept in the next lanes and has aged, if it is time.
    func age(_ retired: [LaneName], _ store: LaneStore, now: ContinuousClock.Instant) throws {
        let (names, retention) = aging.next(of: retired, now: now)
        guard let retention, !names.isEmpty else { return }
        for look in try store.look(names) {
            guard let tenure = look.retiredTenure else { continue }
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
            tell("the lane cannot be reached or written to, or is in use again", of: lane)
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
            people.flatMap { $0.isEmpty ? nil : (lane: name, people: $0) }
        }
        guard !found.isEmpty else { return }
        let looks = Dictionary(try store.look(found.map(\.lane)).map { ($0.lane, $0) }) { first, _ in first }
        for (name, people) in found {
            guard let look = looks[name], let tenure = look.retiredTenure else { continue }
            let lane = HeldLane(tenure, assignment: look.assignment, now: .now)
            guard try contained(name, store, { try dropOld(people, lane, store) }), !people.orders.isEmpty else {
                continue
            }
            lane.forgetting = LaneForgetting(people, cursor: lane.cursor, isDesk: true)
            held[name] = lane
        }
    }

    /// Tombstones and answers go after eight days, as an owner has them go.
    private func dropOld(_ people: ForgottenPeople, _ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.dropOld(of: people, now: lane.clock.now)
        return try store.note(note)
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
