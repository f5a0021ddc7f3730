internal import Contracts
internal import Delivery
internal import Instants
package import Lanes
package import Logging
internal import Synchronization
internal import Telemetry

// A person's way out of lanes that a resize took out of use.
//
// Problem: such a lane keeps its log, what was kept of it, its results and dead letters until they age, and has no owner who
// could carry an order out. Choice: whoever gives the order writes it where an owner would have noted it, and the leader's
// process walks through these lanes as an owner does, with a token that functions take only while the lane is retired. States and
// actions left with the move; as a desk does, the walk waits until the account's lanes have told which threads went, since
// results under these are the person's too. The token carries the leader's term, and whoever begins with a lane first keeps earlier
// terms out of it and then reads how far its orders are: of two that lead for a moment, since the old one does not know yet, one
// ends an order and the other's writes are refused. Orders that a lane could not be given (`LateOrders`) are given here too.
// Rejected: to give such lanes owners, who would place, adopt and hand over what never
// decides anything; to erase in the command, which may be gone in the middle and which the platform's own orders do not have.
// How it fails: without a leader the order stands until there is one; a lane that is used again meanwhile has the order in
// its hash, and its owner carries on.

/// A thread with a connection of its own that walks through retired lanes while its process leads.
package final class RetiredForgetter: Sendable {
    private struct Mail: Sendable {
        /// Nil where nothing was said.
        var leads: (term: UInt64?, isSaid: Bool) = (nil, false)
        var retention: Retention?
        var isStopped = false
    }

    /// Orders are looked for so often.
    private static let looksEvery = Duration.seconds(1)
    /// So long it works before it looks whether it still leads.
    private static let share = Duration.milliseconds(200)

    private let mailbox: Mailbox<Mail>
    private let thread: PlainThread
    private let shared: Shared

    /// What the thread shares with the rest of the process.
    private final class Shared: Sendable {
        let open = Mutex(OpenOrders())
    }

    package init(connector: LaneConnector, log: Logger) {
        let mailbox = Mailbox(empty: Mail())
        let shared = Shared()
        self.mailbox = mailbox
        self.shared = shared
        thread = PlainThread(name: "retired") { Self.run(connector, mailbox, shared, log) }
    }

    /// Under which term this process leads now; nil while it does not.
    package func lead(_ term: UInt64?) { mailbox.post { $0.leads = (term, true) } }

    /// How long lanes keep what was kept of erased entries and batches; before the first word nothing of it goes.
    package func keep(_ retention: Retention) { mailbox.post { $0.retention = retention } }

    /// Orders that stand in retired lanes or are to be given to them, as of the last looks; none while it does not lead.
    package var open: OpenOrders { shared.open.withLock { $0 } }

    /// Ends after the page in hand; whether it has ended within `longest`.
    package func stop(atMost longest: Duration) -> Bool {
        mailbox.post { $0.isStopped = true }
        return thread.wait(atMost: longest)
    }

    private static func run(_ connector: LaneConnector, _ mailbox: Mailbox<Mail>, _ shared: Shared, _ log: Logger) {
        var (term, hasMore) = (UInt64?.none, false)
        var store: LaneStore?
        var topologies: TopologyStore?
        var fault: String?
        let walk = RetiredForgetting(log: log)
        var late = LateGiving(connector: connector, log: log)
        while true {
            let isIdle = term == nil
            if let mail = mailbox.take(waiting: isIdle ? .seconds(3_600) : (hasMore ? .zero : looksEvery)) {
                if mail.isStopped { return }
                if mail.leads.isSaid, mail.leads.term != term {
                    term = mail.leads.term
                    walk.startAgain(term: term ?? 0)
                    shared.open.withLock { $0 = OpenOrders() }
                }
                mail.retention.map { walk.aging.use($0) }
            }
            guard term != nil else { continue }
            do {
                let open = try store ?? connector.open()
                let known = topologies ?? TopologyStore(connection: open.connection, keyspace: open.keyspace)
                (store, topologies) = (open, known)
                let topology = try known.read()
                let retired = topology.retired.keys.sorted()
                try late.give(in: topology, open)
                hasMore = try walk.forget(in: retired, open, until: .now + share)
                shared.open.withLock { $0 = late.open + walk.open }
                try walk.age(retired, open, now: .now)
                fault = nil
            } catch {
                // The next second tries again; what was erased is erased.
                if fault != "\(error)" {
                    log.warning("Retired lanes could not be looked through", metadata: .of((.cause, "\(error)")))
                }
                fault = "\(error)"
                shared.open.withLock { $0 = late.open + walk.open }
                walk.startAgain(term: term ?? 0)
                (store, topologies, hasMore) = (nil, nil, false)
            }
        }
    }
}

/// Orders that are not carried out.
package struct OpenOrders: Sendable {
    package private(set) var count = 0
    /// When the oldest was given, by this machine's monotonic clock; nil without any.
    package private(set) var since: ContinuousClock.Instant?

    package init() {}

    /// - Parameter oldest: how long ago the oldest was given.
    init(count: Int, oldest: Duration?) {
        self.count = count
        since = oldest.map { .now - max(.zero, $0) }
    }

    static func + (left: OpenOrders, right: OpenOrders) -> OpenOrders {
        var sum = left
        sum.count += right.count
        sum.since = [left.since, right.since].compactMap(\.self).min()
        return sum
    }
}
