internal import Contracts
internal import Instants
internal import Lanes
internal import Membership
internal import Redis

/// What a leader knows of the lanes: where they are, what they cost, what of them is undecided. Values only; the
/// connections are the caller's.
struct HouseView {
    /// Lanes of one round trip.
    private static let slice = 1_000

    var care = LaneCare()
    var load = LoadView()
    /// What the last look said of all lanes together.
    private(set) var sum = HouseSum()
    private var watch = LaneWatch()
    private var shards = LaneShards()

    /// Something is on the move: the next round looks again.
    mutating func stir() { watch.stir() }

    /// The one member of a name; see `LaneWatch.member`.
    mutating func member(_ id: MemberID) -> MemberID { watch.member(id.text) ?? id }

    /// Looks at all lanes, unless nothing can have changed that matters here; whether it looked. O(lanes).
    ///
    /// - Parameter between: is called after each piece, since a look may take longer than a lease.
    mutating func look(
        _ lanes: [LaneName], _ basis: LaneWatch.Basis, _ census: Census, lease: Duration, _ link: LeaderLink,
        between: () throws(LaneError) -> Void
    ) throws(LaneError) -> Bool {
        try care.trim(link.lanes)
        let now = ContinuousClock.now
        guard !watch.stands(on: basis, lease: lease, now: now) else { return false }
        // A lane whose server is away is where it was: nothing is moved because of it.
        watch.begin(lanes, keeps: link.lanes.connection.isCluster)
        for start in stride(from: 0, to: lanes.count, by: Self.slice) {
            var near = start
            for glance in try link.lanes.glance(Array(lanes[start..<min(start + Self.slice, lanes.count)])) {
                near = (watch.see(glance, near: near) ?? near) + 1
            }
            try between()
        }
        watch.end(of: basis, at: now)
        try care.look(lanes, lanes.indices.map { watch[$0]?.decided }, link.lanes)
        let counts = lanes.indices.compactMap { place in
            watch[place].map {
                LaneCount(lane: lanes[place], owner: $0.owner, decided: $0.decided, pending: $0.pending)
            }
        }
        load.observe(counts, census.living, now: census.now)
        sum = HouseSum(counts, alive: Set(census.living.map(\.id)), at: census.now)
        shards.read(lanes, topology: basis.topology, link.lanes)
        return true
    }

    /// Where a lane is, as it was seen last.
    func sight(_ place: Int) -> LaneSight {
        watch[place].map { LaneSight(owner: $0.owner, assignment: $0.assignment) } ?? LaneSight()
    }

    /// What placement is to go by.
    mutating func figures(of lanes: [LaneName], at now: Instant) -> PlacementFigures {
        var figures = load.figures(of: lanes, at: now)
        figures.shards = shards.shards
        return figures
    }

    /// How many lanes could be looked at.
    var seen: Int { watch.lanes.indices.count { watch[$0] != nil } }
}

/// What a look at all lanes comes to.
struct HouseSum: Sendable {
    /// Lanes that nobody alive owns.
    private(set) var orphans = 0
    /// Undecided events.
    private(set) var backlog: UInt64 = 0
    /// The partitions that have any, the longest first, `LeaderSignals.mostBacklogs` at most.
    private(set) var longest: [(partition: String, pending: UInt64)] = []
    /// Partitions beyond those.
    private(set) var leftOut = 0
    /// Redis' clock at the look.
    private(set) var at = Instant.distantPast

    init() {}

    /// O(lanes).
    init(_ counts: [LaneCount], alive: Set<MemberID>, at instant: Instant) {
        at = instant
        var pending: [String: UInt64] = [:]
        for count in counts {
            if count.pending > 0 { pending[count.lane.partition, default: 0] += count.pending }
            if count.owner.map({ !alive.contains($0) }) ?? true { orphans += 1 }
        }
        backlog = pending.values.reduce(0, +)
        let ordered = pending.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        longest = ordered.prefix(LeaderSignals.mostBacklogs).map { (partition: $0.key, pending: $0.value) }
        leftOut = ordered.count - longest.count
    }
}
