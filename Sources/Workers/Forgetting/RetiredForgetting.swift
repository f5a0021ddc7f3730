internal import Contracts
internal import Delivery
internal import Instants
package import Lanes

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
        var isStopped = false
    }

    /// Orders are looked for so often.
    private static let looksEvery = Duration.seconds(1)
    /// So long it works before it looks whether it still leads.
    private static let share = Duration.milliseconds(200)

    private let mailbox: Mailbox<Mail>
    private let thread: PlainThread

    package init(connector: LaneConnector) {
        let mailbox = Mailbox(empty: Mail())
        self.mailbox = mailbox
        thread = PlainThread(name: "retired") { Self.run(connector, mailbox) }
    }

    /// Whether this process leads now.
    package func lead(_ leads: Bool) { mailbox.post { $0.leads = leads } }

    /// Ends after the page in hand; whether it has ended within `longest`.
    package func stop(atMost longest: Duration) -> Bool {
        mailbox.post { $0.isStopped = true }
        return thread.wait(atMost: longest)
    }

    private static func run(_ connector: LaneConnector, _ mailbox: Mailbox<Mail>) {
        var (leads, hasMore) = (false, false)
        var store: LaneStore?
        var topologies: TopologyStore?
        let walk = RetiredForgetting()
        while true {
            if let mail = mailbox.take(waiting: leads ? (hasMore ? .zero : looksEvery) : .seconds(3_600)) {
                if mail.isStopped { return }
                leads = mail.leads ?? leads
            }
            guard leads else { continue }
            do {
                let open = try store ?? connector.open()
                let known = topologies ?? TopologyStore(connection: open.connection, keyspace: open.keyspace)
                (store, topologies) = (open, known)
                hasMore = try walk.forget(in: try known.read().retired.keys.sorted(), open, until: .now + share)
            } catch {
                // The next second tries again; what was erased is erased.
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

    /// Does what can be done until then; true if more can be done at once. Faults of one lane are passed over: it is tried again.
    ///
    /// - Parameter retired: the topology's, in order.
    func forget(
        in retired: [LaneName], _ store: LaneStore, until end: ContinuousClock.Instant
    ) throws -> Bool {
        let known = Set(retired)
        held = held.filter { known.contains($0.key) }
        try find(among: retired, store)
        for name in held.keys.sorted() {
            guard let lane = held[name] else { continue }
            while lane.forgetting?.isRunnable(at: lane.cursor) == true, ContinuousClock.now < end {
                guard try slice(lane, store) else {
                    held[name] = nil
                    break
                }
            }
            // What waits for others is found again.
            if lane.forgetting?.isRunnable(at: lane.cursor) != true { held[name] = nil }
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
            try dropOld(people, lane, store)
            guard !people.orders.isEmpty else { continue }
            lane.forgetting = LaneForgetting(people, cursor: lane.cursor, isDesk: true)
            held[name] = lane
        }
    }

    /// Tombstones and answers go after eight days, as an owner has them go.
    private func dropOld(_ people: ForgottenPeople, _ lane: HeldLane, _ store: LaneStore) throws {
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.dropOld(of: people, now: lane.clock.now)
        _ = try store.note(note)
    }

    /// False if the lane could not be written to, or holds what makes no sense.
    private func slice(_ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        guard var job = lane.forgetting?.next(at: lane.cursor) else { return try slices.eraseLate(lane, store) }
        do {
            guard try slices.slice(&job, lane, store) else { return false }
            lane.forgetting?.put(job)
            guard job.stage == .ended else { return true }
            guard try slices.noteEnd(of: job, lane, store) else { return false }
            lane.forgetting?.ended(job, now: lane.clock.now)
            return true
        } catch let error as LaneError where error.isOfKeys || error.isAway {
            return false
        }
    }
}
