internal import Contracts
internal import Instants
internal import Lanes

/// A lane that this runner owns, as far as it knows: the token, where it stands in the log, what it has read ahead, and
/// the decoded states. Everything here is worth nothing once the token is lost.
///
/// A class, since the runner's tables, its ready queue and the batch in hand all mean the same lane. One thread's.
final class HeldLane {
    /// How many states of one lane stay decoded.
    static let mostStates = 4_096

    let name: LaneName
    let assignment: UInt64
    let takenAt: ContinuousClock.Instant
    private(set) var token: LaneToken
    private(set) var epoch: UInt64
    private(set) var sequence: UInt64
    private(set) var cursor: Position
    private(set) var clock: LaneClock
    private(set) var isPaused: Bool
    private(set) var isDrained = false
    private(set) var suspect: Suspect?
    private(set) var wantedBy: String?
    /// Read and not yet decided.
    private(set) var ahead: [LoggedEvent] = []
    private var readFrom: Position
    /// When the next timer is due, by this machine's clock; nil: none, or not to be looked at before the next wake.
    private(set) var dueAt: ContinuousClock.Instant?
    var cache = StateCache(capacity: mostStates)
    /// Halved when a commit turned out too large, doubled again after each that was not.
    var mostDecisions = LaneCommit.mostEvents
    /// Its next step alone was too large for a commit and becomes a dead letter.
    var setsAsideNext = false
    /// The step whose decision failed after it had changed a state; it becomes a dead letter when it comes again.
    private(set) var spoiler: (step: LaneBatch.Step, reason: String)?
    /// Nil until its hash was read.
    var forgetting: LaneForgetting?
    /// In the runner's ready queue.
    var isQueued = false
    /// Undecided events as of the last look.
    var backlog: UInt64 = 0

    init(_ tenure: Tenure, assignment: UInt64, now: ContinuousClock.Instant) {
        name = tenure.lane
        self.assignment = assignment
        takenAt = now
        token = tenure.token
        epoch = tenure.epoch
        sequence = tenure.sequence
        cursor = tenure.cursor
        readFrom = tenure.cursor
        clock = tenure.clock
        isPaused = tenure.isPaused
        suspect = tenure.suspect
    }

    /// What to read next: only a little while enough is read ahead for a full commit.
    func readRequest(_ bounds: RunnerBounds) -> ReadRequest {
        let isAhead = ahead.count >= mostDecisions
        return ReadRequest(
            lane: name, token: token, from: readFrom.entry, mostEntries: isAhead ? 1 : bounds.mostEntries,
            mostTimers: bounds.mostTimers, mostBytes: isAhead ? 1 : bounds.mostBytes)
    }

    /// Takes a reading in and decodes it. O(bytes).
    func take(_ reading: Reading) {
        clock = reading.clock
        isPaused = reading.isPaused
        isDrained = reading.isDrained
        wantedBy = reading.wantedBy
        dueAt = nil
        for entry in reading.entries {
            ahead += LoggedEvent.read(entry, from: readFrom)
            readFrom = Position.following(entry.id)
        }
    }

    /// Takes in what a commit of `decided` events answered.
    func committed(_ reply: Committed, cursor: Position, decided: Int, now: ContinuousClock.Instant) {
        sequence += 1
        spoiler = nil
        self.cursor = cursor
        ahead.removeFirst(decided)
        clock = reply.clock
        wantedBy = reply.wantedBy
        if !reply.isSuspect { suspect = nil }
        mostDecisions = min(LaneCommit.mostEvents, mostDecisions * 2)
        setDue(reply.nextDue, now: now)
    }

    func setDue(_ due: Instant?, now: ContinuousClock.Instant) {
        dueAt = due.map { now + max(.zero, $0 - clock.now) }
    }

    /// Whether there is more to do at once.
    func isReady(now: ContinuousClock.Instant) -> Bool {
        guard !isPaused else { return false }
        return !ahead.isEmpty || !isDrained || dueAt.map { $0 <= now } == true
    }

    /// The commit was larger than a commit may be: the next one is half as long.
    func tooLarge() {
        setsAsideNext = mostDecisions == 1
        mostDecisions = max(1, mostDecisions / 2)
        forgetStates()
    }

    /// A decision lost a state: the run is thrown away, and the next one sets the step aside.
    func spoilt(by step: LaneBatch.Step, _ reason: String) {
        spoiler = (step, reason)
        forgetStates()
    }

    /// The cache no longer tells what Redis holds; what was read ahead still does.
    func forgetStates() {
        cache.removeAll()
    }
}

/// Bounds of one round of a runner.
package struct RunnerBounds: Sendable {
    /// Lanes in one pipeline.
    package var mostLanes: Int
    /// Entries, timers and bytes read of one lane in one round.
    package var mostEntries: Int
    package var mostTimers: Int
    package var mostBytes: Int
    /// How often each lane is trimmed; what has aged lies there this much longer.
    package var trimsEvery: Duration
    /// A lane that cannot be taken is tried with each heartbeat while it is this member's; one that was not tried for so long
    /// is no longer told as damaged.
    package var refusedWithin = Duration.seconds(15)

    package init(
        mostLanes: Int = 32, mostEntries: Int = 256, mostTimers: Int = 256, mostBytes: Int = 192 * 1_024,
        trimsEvery: Duration = .seconds(600)
    ) {
        self.trimsEvery = trimsEvery
        self.mostLanes = max(1, mostLanes)
        self.mostEntries = min(max(1, mostEntries), 512)
        self.mostTimers = min(max(1, mostTimers), 512)
        self.mostBytes = max(1, mostBytes)
    }
}
