package import Channels
package import Contracts
internal import Instants
package import Lanes
internal import Synchronization

/// What a courier needs.
package struct CourierSetting: Sendable {
    /// Opens the courier's own store; called on its thread, again after each loss.
    package var connect: @Sendable () throws -> LaneStore
    package var carriers: Carriers
    package var limits: ScheduleLimits
    /// How long an attempt may take before it counts as one whose outcome nobody can tell. At most
    /// `Courier.longestPatience`.
    package var patience: Duration
    /// How long a message of which nobody can tell whether it was taken waits for its echo; called on the courier's thread.
    package var echoWithin: @Sendable (_ account: String) -> Duration
    /// The least time from one text to a thread to its next; nil: none. Called on the courier's thread.
    package var threadSpacing: @Sendable (_ account: String) -> Duration?
    /// How long a message that will not be said again holds its conversation up while it waits. What the platform may still be
    /// at is over by then: its answers come within a second or two.
    package var orderPatience: Duration
    /// How long an account rests first whose platform does not answer.
    package var firstRest: Duration
    /// The accounts of the same app, this one among them, which a limit of the app brakes together; called on the
    /// courier's thread.
    package var siblings: @Sendable (_ account: String) -> [String]
    /// Names this courier in the brakes that it shares.
    package var name: String
    /// The market of a lane, for the kill switches; called on the courier's thread for each automatic action while any
    /// switch is off.
    package var market: @Sendable (LaneName) -> String?
    /// What the platform takes of an account; called on the courier's thread, several times a round.
    package var tokens: @Sendable (_ account: String) -> [TokenLimit]

    package init(
        connect: @escaping @Sendable () throws -> LaneStore, carriers: Carriers,
        limits: ScheduleLimits = ScheduleLimits(), patience: Duration = .seconds(30), name: String = "courier",
        market: @escaping @Sendable (LaneName) -> String? = { _ in nil },
        tokens: @escaping @Sendable (_ account: String) -> [TokenLimit] = { _ in [] },
        echoWithin: @escaping @Sendable (_ account: String) -> Duration = { _ in .seconds(60) },
        threadSpacing: @escaping @Sendable (_ account: String) -> Duration? = { _ in nil },
        orderPatience: Duration = .seconds(5), firstRest: Duration = .seconds(5),
        siblings: @escaping @Sendable (_ account: String) -> [String] = { [$0] }
    ) {
        self.echoWithin = echoWithin
        self.threadSpacing = threadSpacing
        self.orderPatience = orderPatience
        self.firstRest = max(.milliseconds(1), firstRest)
        self.siblings = siblings
        self.tokens = tokens
        self.name = name
        self.market = market
        self.connect = connect
        self.carriers = carriers
        self.limits = limits
        self.patience = min(patience, Courier.longestPatience)
    }
}

/// What a commit brought for the courier.
package struct HandOver: Sendable {
    package let lane: LaneName
    package let actions: [Action]
    /// Removed from the outbox.
    package let cancelled: [ActionID]
    /// Cancelled while they waited for another attempt, and an earlier one may have had its effect.
    package let stopped: [ActionID]
    /// Settled, by whoever it was.
    package let closed: [ActionID]
    /// Of whose messages the platform's echo came: it has them.
    package let echoed: [ActionID]

    package init(
        lane: LaneName, actions: [Action], cancelled: [ActionID] = [], stopped: [ActionID] = [],
        closed: [ActionID] = [], echoed: [ActionID] = []
    ) {
        self.echoed = echoed
        self.stopped = stopped
        self.lane = lane
        self.actions = actions
        self.cancelled = cancelled
        self.closed = closed
    }

    var isEmpty: Bool {
        actions.isEmpty && cancelled.isEmpty && stopped.isEmpty && closed.isEmpty && echoed.isEmpty
    }
}

/// What a courier has counted since it started.
package struct CourierCounters: Sendable, Equatable {
    package var started: UInt64 = 0
    package var closed: UInt64 = 0
    package var rescheduled: UInt64 = 0
    package var expired: UInt64 = 0
    package var ambiguous: UInt64 = 0
    /// Messages that had to wait for their echo.
    package var unheard: UInt64 = 0
    /// Open attempts of former owners whose deadline passed.
    package var inherited: UInt64 = 0
    package var reconnects: UInt64 = 0
    /// Stopped by a kill switch.
    package var switchedOff: UInt64 = 0
    /// Another action had the comment's claim.
    package var alreadyDone: UInt64 = 0
    package var brakes: UInt64 = 0
    /// Accounts that stand still until a person sees to them, now.
    package var stoppedAccounts = 0
    /// Accounts that rest, or are probed, because their platform does not answer, now.
    package var restingAccounts = 0
    /// Looks at accounts' slots, for brakes and tokens.
    package var leases: UInt64 = 0
    /// Calls that were put off because an account's limit was used up.
    package var limited: UInt64 = 0
    package var waiting = 0
    package var underWay = 0
    /// How actions ended whose carrier answered, and why.
    package var outcomes: [OutcomeCount: UInt64] = [.init(status: .failed, why: .malformed): 0]

    package struct OutcomeCount: Sendable, Hashable {
        package let status: Outcome.Status
        package let why: FailureClass

        package init(status: Outcome.Status, why: FailureClass) {
            (self.status, self.why) = (status, why)
        }
    }

    package init() {}
}

/// Carries out the actions of a process's lanes: claim, start, settle (DESIGN.md, guarantees: at least once, and says so).
///
/// Problem: an effect outside cannot be part of a commit; the process may die between asking and hearing. Choice: the
/// attempt, with its deadline, is on record before anything is sent (`claim`, fenced by the lane's token), and its end
/// is one function that closes the action and appends the outcome (`settle`, fenced by the attempt alone). What was
/// sent and not heard of by the deadline is decided by its kind (`EchoWaiting`, `ReplyLookup`): a message that has no echo
/// either is said to be ambiguous and not sent again.
/// One thread does this for all lanes, in rounds: what came in is sorted into a pure schedule, all claims of a round
/// are one round trip, all settlements another; sending itself happens elsewhere. What a courier does not know, because
/// it took the lane over or its mailbox was full, it finds in the outbox (`recover`). It fails towards waiting for a
/// deadline, never towards sending twice.
package final class Courier: Sendable {
    /// After a lane was taken so long ago, no attempt of a former owner can still be open.
    package static let longestPatience = Duration.seconds(120)
    /// Actions that may wait in the mailbox; beyond that the outbox is where they are found.
    static let mostMail = 65_536
    /// The same of what answers say of limits, which the next answer says again.
    static let mostUsages = 1_024

    struct Mail: Sendable {
        /// In the order in which they came.
        var orders: [Order] = []
        var answers: [Answered] = []
        /// What answers said of limits that are to be spared.
        var usages: [(account: String, usage: MetaUsage)] = []
        var actions = 0
        /// Lanes whose hand-overs were dropped for want of room.
        var overflowing: Set<LaneName> = []
        /// How long what is under way may still take.
        var stop: Duration?
    }

    enum Order: Sendable {
        case taken(LaneName, LaneToken, offset: Duration, isPaused: Bool)
        case standing(LaneName, offset: Duration, isPaused: Bool)
        case lost(LaneName)
        case handed(HandOver)
        case brake(String, Brake?)
    }

    private let mailbox: Mailbox<Mail>
    private let status: CourierStatus
    private let thread: PlainThread

    /// Starts the thread.
    package init(name: String, setting: CourierSetting) {
        let mailbox = Mailbox(empty: Mail())
        let status = CourierStatus()
        self.mailbox = mailbox
        self.status = status
        thread = PlainThread(name: name) {
            CourierLoop(setting, mailbox: mailbox, status: status).run()
        }
    }

    /// A lane is this process's, under this token: its outbox is read, and its actions are carried out.
    package func taken(_ lane: LaneName, token: LaneToken, offset: Duration, isPaused: Bool) {
        post(.taken(lane, token, offset: offset, isPaused: isPaused))
    }

    /// A lane's clock or pause has changed.
    package func standing(_ lane: LaneName, offset: Duration, isPaused: Bool) {
        post(.standing(lane, offset: offset, isPaused: isPaused))
    }

    /// A lane is another's: nothing more of it is started. What is under way is settled, since an outcome is a fact.
    package func lost(_ lane: LaneName) { post(.lost(lane)) }

    /// What a commit brought; to be called only after its reply.
    package func handed(_ handOver: HandOver) {
        guard !handOver.isEmpty else { return }
        mailbox.post { mail in
            if mail.actions + handOver.actions.count > Self.mostMail { mail.overflowing.insert(handOver.lane) }
            guard !mail.overflowing.contains(handOver.lane) else { return }
            mail.actions += handOver.actions.count
            mail.orders.append(.handed(handOver))
        }
    }

    /// Brakes an account, or with nil lets it go again.
    package func brake(_ account: String, _ brake: Brake?) { post(.brake(account, brake)) }

    package var counters: CourierCounters { status.counters }

    /// Starts nothing more, settles what ends within `longest`, and ends.
    package func stop(atMost longest: Duration) {
        mailbox.post { $0.stop = longest }
    }

    /// Whether the thread has ended within `longest`.
    package func wait(atMost longest: Duration) -> Bool { thread.wait(atMost: longest) }

    private func post(_ order: Order) {
        mailbox.post { $0.orders.append(order) }
    }
}

/// What a courier shows to other threads.
final class CourierStatus: Sendable {
    private let shown = Mutex(CourierCounters())

    var counters: CourierCounters { shown.withLock { $0 } }

    func show(_ counters: CourierCounters) { shown.withLock { $0 = counters } }
}
