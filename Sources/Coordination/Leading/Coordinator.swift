package import Instants
package import Lanes
package import Logging
package import Membership
internal import Synchronization

// A coordinator's life: one plain thread that tries to lead, and while it leads places lanes and numbers signals.
//
// Problem: exactly one may write, any may die at any moment, and nothing may wait for it longer than a lease.
// Choice: several run; each tries for the leader's lease once an interval, one has it. The leader trusts the lease until
// `request sent + lease - margin` by its monotonic clock (`TrustWindow`) and looks at that clock before each write; the
// write itself carries the term and is refused in Redis if another leads. It works a round an interval, at the instant
// at which the next member's lease ends, and when a member comes or wants to go.
// Rejected: one coordinator watched by a supervisor. It would be one more thing that has to work at night.
// How it fails: with no coordinator, lanes stay where they are and those of the dead are adopted (`MemberState`).

/// One process's coordinator. Thread-safe; it lives from `init` until `resign` or `stop`.
package final class Coordinator: Sendable {
    package struct Settings: Sendable {
        package var times: LeaseTimes
        /// Of all lanes, one in this many may be on the move between living members at a time; at least 8 lanes are.
        package var shareDivisor: Int
        /// A member's record is forgotten this many leases after its lease ended.
        package var forgottenAfter: Int
        /// Two rounds are never closer than this, whatever rings.
        package var leastPause: Duration
        /// Of the program, for people.
        package var version: String
        /// What it says that it knows of, and beyond which it raises no house (`FeatureLevel`).
        package var featureLevel: UInt64

        package init(
            times: LeaseTimes = LeaseTimes(), shareDivisor: Int = 4, forgottenAfter: Int = 20,
            leastPause: Duration = .milliseconds(50), version: String = "",
            featureLevel: UInt64 = FeatureLevel.offered
        ) {
            self.version = version
            self.featureLevel = featureLevel
            self.times = times
            self.shareDivisor = max(1, shareDivisor)
            self.forgottenAfter = max(1, forgottenAfter)
            self.leastPause = leastPause
        }

        /// How many lanes may be on the move.
        package func share(of lanes: Int) -> Int { max(8, lanes / shareDivisor) }
    }

    /// How it stands, for readiness, metrics and people.
    package struct Standing: Sendable {
        package var control: ControlState?
        /// Until when it may call itself the leader; nil while it follows.
        package var window: TrustWindow?
        /// Lanes between two living members in the last round.
        package var underWay = 0
        /// How long its last plan of all lanes took; nil before one.
        package var planTook: Duration?
        /// Lanes that it has placed since it started.
        package var moved = 0
        package var signals: UInt64 = 0
        /// How many reported figures of load could not be and were brought to what can be.
        package var contained = 0
        /// Living processes that do not know of all that the house may use by now.
        package var older = 0
        /// How many workers there ought to be, by its last round as leader or by its predecessor; nil before either.
        package var demand: DemandWord?
        /// At most five lanes that decide far more than others, hottest first, each with its busiest conversation.
        package var hot: [HotLane] = []
        /// Since when the oldest resize or move of an account is under way; nil if none is.
        package var movesSince: Instant?
        /// What the last attempt failed with; nil after a success.
        package var fault: String?

        package init() {}

        package func isLeading(at now: ContinuousClock.Instant) -> Bool { window?.isOpen(at: now) ?? false }
    }

    package let id: MemberID
    private let post = CoordinatorPost()
    private let thread: ControlThread

    /// Starts the coordinator's thread. Connecting happens there, again and again until it succeeds.
    package init(
        id: MemberID, settings: Settings = Settings(), connector: LaneConnector,
        placement: @escaping Placement = { LoadPlacement().plan($0) }, log: Logger
    ) {
        self.id = id
        let post = post
        thread = ControlThread {
            LeaderLoop(
                id: id, settings: settings, connector: connector, placement: placement, log: log, post: post
            ).run()
        }
    }

    deinit { post.put { $0.end = $0.end ?? .stop } }

    package var standing: Standing { post.standing.withLock { $0 } }

    /// The partitions' clocks and calendars in force, for the forecast; without them every hour counts as closed, in UTC.
    package func use(_ hours: [String: PartitionHours]) { post.put { $0.hours = hours } }

    /// How long retired lanes keep what they have.
    package func use(_ retention: Retention) { post.put { $0.retention = retention } }

    /// Lays the lease down, so that another leads at once, and ends. Blocks a few seconds at the most.
    package func resign() {
        post.put { $0.end = .resign }
        _ = thread.hasEnded(by: .now + .seconds(10))
    }

    /// Ends the thread and nothing else, as a crash would. Blocks a few seconds at the most.
    package func stop() {
        post.put { $0.end = .stop }
        _ = thread.hasEnded(by: .now + .seconds(10))
    }
}

/// What a coordinator's thread shares with the rest of the process.
final class CoordinatorPost: Sendable {
    enum End: Sendable {
        case resign
        case stop
    }

    struct Mail: Sendable {
        var worksNow = false
        var hours: [String: PartitionHours]?
        var retention: Retention?
        var end: End?
    }

    let standing = Mutex(Coordinator.Standing())
    let bell = Bell()
    private let mail = Mutex(Mail())

    func put(_ change: (inout Mail) -> Void) {
        mail.withLock { change(&$0) }
        bell.ring()
    }

    /// Everything since the last time; an end stays.
    func take() -> Mail {
        mail.withLock { mail in
            defer { mail = Mail(end: mail.end) }
            return mail
        }
    }
}
