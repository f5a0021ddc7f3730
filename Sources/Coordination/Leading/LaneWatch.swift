internal import Contracts
internal import Instants
internal import Lanes
internal import Membership

/// The lanes as the leader saw them last, and whether that still tells enough.
///
/// Problem: a look at every lane each second was a third of what a house costs in which nothing happens, and of 50,000
/// lanes a twelfth of a Redis core.
/// Choice: as long as nothing is on the move, and topology, assignment and members are those of the last look, that look
/// stands for one lease, and where there are many lanes so long that `perSecond` are looked at in a second. Whatever a
/// leader has to act on at once shows in one of these; an owner that lost a lane without dying takes it again by itself,
/// and the leader sees it a look later. Load is evened out over half a minute and loses nothing.
/// A row a lane, and an owner's name once for all its lanes: what Redis answers is not kept.
/// Rejected: looks in turns, a part of the lanes each second. A death would be placed with looks of different ages.
/// Looking more often while events are undecided: somewhere some always are.
/// How it fails: a backlog is seen, and told in the signals with its instant, up to `longest` late.
struct LaneWatch {
    /// Lanes that are looked at in a second while nothing changes, on average.
    static let perSecond = 10_000
    /// No look stands longer, however many lanes there are, unless a lease is longer.
    static let longest = Duration.seconds(10)
    /// Names of members that are kept; more than that are looked up anew.
    private static let mostNames = 2 * ControlStore.mostMembers

    /// What a look is a look at.
    struct Basis: Equatable {
        var topology: UInt64
        var assignment: UInt64
        /// Nil: none are known.
        var pins: PinsStamp?
        var living: [MemberID]
        /// Those of them that may be given lanes.
        var placeable: [MemberID]
        var silent: Set<MemberID>
        var canJudge: Bool
    }

    /// What is kept of a lane.
    struct Row: Sendable, Equatable {
        var owner: MemberID?
        /// The assignment's number that the owner took it with.
        var assignment: UInt64
        var isWanted: Bool
        var decided: UInt64
        var pending: UInt64
    }

    private var rows = LaneRows<Row?>()
    private var names: [String: MemberID] = [:]
    private var basis: Basis?
    private var lookedAt: ContinuousClock.Instant?

    /// Every lane, in order.
    var lanes: [LaneName] { rows.lanes }

    /// Nil for a lane that could not be looked at.
    subscript(place: Int) -> Row? { rows[place] }

    /// For how long a look at so many lanes stands.
    static func patience(lanes: Int, lease: Duration) -> Duration {
        max(lease, min(longest, .seconds(1) * (Double(lanes) / Double(perSecond))))
    }

    /// Whether the last look still stands.
    func stands(on basis: Basis, lease: Duration, now: ContinuousClock.Instant) -> Bool {
        guard basis == self.basis, let lookedAt else { return false }
        return now - lookedAt < Self.patience(lanes: lanes.count, lease: lease)
    }

    /// A look begins; until its end none stands. `keeps`: lanes that will not be seen are where they were.
    mutating func begin(_ lanes: [LaneName], keeps: Bool) {
        basis = nil
        rows.become(lanes) { _ in nil }
        guard !keeps else { return }
        for place in lanes.indices { rows[place] = nil }
    }

    /// Takes a lane in, and says where it stands; `near` is where it is looked for first.
    mutating func see(_ glance: LaneGlance, near: Int) -> Int? {
        guard let place = rows.place(of: glance.lane, near: near) else { return nil }
        rows[place] = Row(
            owner: glance.owner.flatMap { member($0) }, assignment: glance.assignment,
            isWanted: glance.wantedBy != nil, decided: glance.decided, pending: glance.pending)
        return place
    }

    /// The look has ended. O(lanes).
    mutating func end(of basis: Basis, at instant: ContinuousClock.Instant) {
        let isQuiet = basis.canJudge && rows.rows.allSatisfy { $0?.isWanted != true }
        self.basis = isQuiet ? basis : nil
        lookedAt = instant
    }

    /// Something is on the move: the next round looks again.
    mutating func stir() {
        basis = nil
    }

    /// The member of a name, which is kept once however many lanes it owns; nil for what is none.
    mutating func member(_ text: String) -> MemberID? {
        if let known = names[text] { return known }
        guard let id = try? MemberID(text) else { return nil }
        if names.count >= Self.mostNames { names = [:] }
        names[text] = id
        return id
    }
}
