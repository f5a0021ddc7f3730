package import Contracts
package import Lanes
package import Logging
internal import Synchronization

// A member's life: one plain thread that beats, reads what was assigned, and tells its process what to take and what to
// release.
//
// Problem: heartbeats must go out in time whatever the runners do, and a hand-over should not wait for the next one.
// Choice: a thread and a connection of its own (`MemberLoop`); `MemberState` decides, the loop reads clocks and talks.
// Between beats it sleeps on a bell that the runners' reports, the control slot's channel and the wake channels of lanes
// asked for ring. All that it hears is only a reason to look: the truth is read from Redis.
// Rejected: beating from the runners' threads. One that hangs in a decision would take the whole process's lease along.
// How it fails: without Redis nothing is taken or given up; runners find out by their own connections. After an error
// the connection is made anew and `MemberState` goes on from what it knew; stale knowledge is fenced by the lanes.

/// One process's membership. Thread-safe; it lives from `init` until `leave` or `stop`.
package final class Member: Sendable {
    package struct Settings: Sendable {
        package var times: LeaseTimes
        package var limits: MemberState.Limits
        /// The program's version, for people; at most 64 characters.
        package var version: String
        /// The newest fields, kinds and functions that this program knows.
        package var featureLevel: UInt64
        /// Two beats are never closer than this, whatever rings.
        package var leastPause: Duration

        package init(
            times: LeaseTimes = LeaseTimes(), limits: MemberState.Limits = .init(), version: String = "",
            featureLevel: UInt64 = FeatureLevel.offered, leastPause: Duration = .milliseconds(50)
        ) {
            self.times = times
            self.limits = limits
            self.version = version
            self.featureLevel = featureLevel
            self.leastPause = leastPause
        }
    }

    /// How it stands, for readiness and people.
    package struct Standing: Sendable {
        /// What the last heartbeat was answered.
        package var control: ControlState?
        /// When that heartbeat was sent.
        package var beatSent: ContinuousClock.Instant?
        package var held: [LaneName] = []
        /// What the last attempt failed with; nil after a success.
        package var fault: String?

        package init() {}

        /// Whether Redis has surely not ended this member's lease, by the monotonic clock.
        package func isCurrent(at now: ContinuousClock.Instant, _ times: LeaseTimes) -> Bool {
            beatSent.map { now < $0 + times.lease - times.margin } ?? false
        }
    }

    package let id: MemberID
    private let post = MemberPost()
    private let thread: ControlThread

    /// Starts the member's thread. Connecting happens there, again and again until it succeeds.
    package init(id: MemberID, settings: Settings = Settings(), connector: LaneConnector, host: LaneHost, log: Logger) {
        self.id = id
        let post = post
        thread = ControlThread {
            MemberLoop(id: id, settings: settings, connector: connector, host: host, log: log, post: post).run()
        }
    }

    deinit { post.put { $0.end = $0.end ?? .stop } }

    package var standing: Standing { post.standing.withLock { $0 } }

    /// The process's news about a lane; from any thread, returns at once.
    package func report(_ report: LaneReport) { post.put { $0.reports.append(report) } }

    /// Beats at the next possible moment; from any thread, returns at once.
    package func beatSoon() { post.put { $0.beatsNow = true } }

    /// Hands the lanes over and goes: others are told first and ask; what nobody asked for by the deadline, or what
    /// nobody is there for, is released, so that no lease has to end. Blocks; whether all was done in time.
    package func leave(by deadline: ContinuousClock.Instant) -> Bool {
        post.put { $0.end = .leave(by: deadline) }
        return thread.hasEnded(by: deadline + .seconds(2))
    }

    /// Ends the thread and nothing else, as a crash would. Blocks until it ended, a few seconds at the most.
    package func stop() {
        post.put { $0.end = .stop }
        _ = thread.hasEnded(by: .now + .seconds(10))
    }
}

/// What a member's thread shares with the rest of the process.
final class MemberPost: Sendable {
    enum End: Sendable {
        case leave(by: ContinuousClock.Instant)
        case stop
    }

    struct Mail: Sendable {
        var reports: [LaneReport] = []
        var released: Set<LaneName> = []
        var beatsNow = false
        var end: End?
    }

    let standing = Mutex(Member.Standing())
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
