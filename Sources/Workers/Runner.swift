package import Contracts
package import Conversations
package import Delivery
package import Instants
package import Lanes
package import Membership
internal import Synchronization

/// What a runner needs besides its lanes.
package struct RunnerSetting: Sendable {
    /// Opens the runner's own store; called on its thread, again after each loss.
    package var connect: @Sendable () throws -> LaneStore
    /// Names this run of this process in the lanes' hashes; holds something random per process start.
    package var owner: String
    package var decider: Decider
    package var policy: Policy
    package var signals: Signals
    package var bounds: RunnerBounds
    /// No timer fires by a server's clock that these say is off.
    package var clocks: ServerClocks
    /// Where lanes' fates are told; called on the runner's thread, must return at once.
    package var report: @Sendable (LaneReport) -> Void
    /// Called after each commit with what it decided; nil: nobody wants to know, which is cheaper.
    package var committed: (@Sendable (LaneName, [CommittedEvent]) -> Void)?

    package init(
        connect: @escaping @Sendable () throws -> LaneStore, owner: String, decider: Decider = .conversations,
        policy: Policy, signals: Signals = .none, bounds: RunnerBounds = RunnerBounds(),
        clocks: ServerClocks = ServerClocks(), report: @escaping @Sendable (LaneReport) -> Void = { _ in },
        committed: (@Sendable (LaneName, [CommittedEvent]) -> Void)? = nil
    ) {
        self.connect = connect
        self.owner = owner
        self.decider = decider
        self.policy = policy
        self.signals = signals
        self.bounds = bounds
        self.clocks = clocks
        self.report = report
        self.committed = committed
    }
}

/// An event whose decision is committed, for those who measure.
package struct CommittedEvent: Sendable {
    package let id: String
    /// As it stands in the event.
    package let receivedAt: Instant
}

/// Owns lanes: one thread with its own connection that reads, decides and commits (DESIGN.md, the way of an event).
///
/// Problem: exactly-once decisions at a hundred thousand a second, with owners that die and connections that break.
/// Choice: a synchronous loop that takes whatever is ready in up to 32 lanes through read, states, decide and commit,
/// each one round trip for all of them; the lane's token and sequence make the commit the only thing that counts. What
/// the loop waits for comes through one mailbox. Whatever is in doubt (a lost reply, a new connection) is answered the
/// same way: take the lane again, drop what was cached, go on from the cursor that this returns. Rejected: a thread or
/// task per lane, which costs a round trip per lane. It fails by losing lanes, never by deciding twice.
package final class Runner: Sendable {
    struct Mail: Sendable {
        var woken: Set<LaneName> = []
        /// In the order in which they came.
        var orders: [Order] = []
        var policy: Policy?
        var signals: Signals?
        var isStopped = false
    }

    enum Order: Sendable {
        case grant(LaneName, assignment: UInt64)
        case revoke(LaneName)
    }

    private let mailbox: Mailbox<Mail>
    private let status: RunnerStatus
    private let thread: PlainThread

    /// Starts the thread.
    ///
    /// - Parameter name: of the thread and of the connection.
    package init(name: String, setting: RunnerSetting, courier: Courier) {
        let mailbox = Mailbox(empty: Mail())
        let status = RunnerStatus()
        self.mailbox = mailbox
        self.status = status
        thread = PlainThread(name: name) {
            RunnerLoop(setting, courier: courier, mailbox: mailbox, status: status).run()
        }
    }

    package func grant(_ lane: LaneName, assignment: UInt64) {
        mailbox.post { $0.orders.append(.grant(lane, assignment: assignment)) }
    }

    package func revoke(_ lane: LaneName) {
        mailbox.post { $0.orders.append(.revoke(lane)) }
    }

    package func wake(_ lane: LaneName) {
        mailbox.post { $0.woken.insert(lane) }
    }

    package func use(_ policy: Policy) {
        mailbox.post { $0.policy = policy }
    }

    package func use(_ signals: Signals) {
        mailbox.post { $0.signals = signals }
    }

    package var counters: RunnerCounters { status.counters }

    /// Time that the loop spent on anything but waiting.
    package var busyTime: Duration { status.busyTime }

    /// Events that lay undecided in its lanes at the last look.
    package var backlog: UInt64 { status.backlog }

    /// False if it had work and made no progress, or if its thread hangs.
    package func isReady(now: ContinuousClock.Instant) -> Bool { status.isReady(now: now) }

    /// Asks it to finish the round in hand, release its lanes and end.
    package func stop() {
        mailbox.post { $0.isStopped = true }
    }

    /// Whether the thread has ended within `longest`.
    package func wait(atMost longest: Duration) -> Bool { thread.wait(atMost: longest) }
}

/// What a runner shows to other threads; written once a turn of the loop.
final class RunnerStatus: Sendable {
    private struct Shown {
        var counters = RunnerCounters()
        var busyTime = Duration.zero
        var backlog: UInt64 = 0
        var watch = ProgressWatch(patience: .seconds(5), now: .now)
    }

    private let shown = Mutex(Shown())

    var counters: RunnerCounters { shown.withLock { $0.counters } }
    var busyTime: Duration { shown.withLock { $0.busyTime } }
    var backlog: UInt64 { shown.withLock { $0.backlog } }

    func isReady(now: ContinuousClock.Instant) -> Bool { shown.withLock { $0.watch.isReady(now: now) } }

    func count(_ change: (inout RunnerCounters) -> Void) { shown.withLock { change(&$0.counters) } }

    func looked(backlog: UInt64) { shown.withLock { $0.backlog = backlog } }

    func turned(
        hasWork: Bool, hasProgressed: Bool, busy: Duration, now: ContinuousClock.Instant
    ) -> ProgressWatch.Advice {
        shown.withLock {
            $0.busyTime += busy
            return $0.watch.turned(hasWork: hasWork, hasProgressed: hasProgressed, now: now)
        }
    }
}
