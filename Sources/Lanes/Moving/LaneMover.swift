internal import Contracts
internal import Instants
internal import Redis

// How a partition gets another number of lanes, or an account another partition.
//
// Problem: a conversation has its state, timers, open actions and open item in one lane, and on a Redis Cluster the lane
// that it is to have lies on another server, so that nothing can be moved in one step. Its events must be decided once
// and in order through it, and whoever does the moving may die at any instant.
// Choice: the wish stands in the control slot until it is done, and what has to be done next follows from what the lanes
// themselves say, so that anybody may carry on at any instant by doing the same again:
//   stop     the lanes take no appends and let nothing be claimed; their owners decide what is in the log and settle
//            what is under way. Ingress answers 200 and spools.
//   freeze   each lane that has nothing left to decide and nobody left to forget; its sequence moves on, so that no commit can
//            follow.
//   copy     by key, in bounded pieces, to lanes that are frozen too; saying it again changes nothing. Whom a lane has
//            forgotten goes to all of them.
//   verify   every element is read back and compared.
//   switch   the topology, one step in the control slot. Up to here the move can be abandoned; whoever abandons says so in
//            the control slot first, so that nobody switches over what is being taken back (`LaneMoverReturning`).
//   clear    the lanes that gave something away drop it.
//   open     under the new generation, which appends must carry: what was placed by the old topology is refused and
//            goes by its key. Owners are fenced and take the lanes anew. Lanes without use are retired and stay readable.
// No lane opens before every lane is cleared: nobody ever works on a state of which there is another copy.
// Rejected: to move the logs too (results name positions in them); to leave a trail that lanes follow (each append and
// echo would have to look for it for as long as logs are kept).
// How it fails: with an owner that decides nothing or settles nothing the move waits, and says for what. On a cluster a
// primary that dies with its last second takes back what it was told. So copies lie for a while (`grace`), and then
// everything is looked at again before the topology changes: a lane that lost its freezing is stopped, frozen and copied
// again, and if it dropped something meanwhile of which there is a copy, the move has to be abandoned: only then copies
// may go, since another mover may rely on them. What is lost afterwards is lost, unless a durability makes primaries wait for replicas.

/// Why a move cannot go on.
package enum MoveError: Error, CustomStringConvertible {
    case lane(LaneError)
    /// What is there is not what a move of ours leaves.
    case unexpected(String)

    package var description: String {
        switch self {
        case .lane(let error): error.description
        case .unexpected(let words): words
        }
    }
}

/// How far a move is.
package enum MoveProgress: Sendable, Hashable {
    /// For what it waits, a line each; to be asked again in a moment.
    case waiting([String])
    case done(MoveCount)
    /// It was abandoned; the lanes are as they were.
    case takenBack
}

/// What a move took from lane to lane, in its last run.
package struct MoveCount: Sendable, Hashable {
    package var states = 0
    package var timers = 0
    package var actions = 0
    package var openItems = 0
    /// Elements whose owner cannot be told; they stay where they are.
    package var unreadable = 0

    package init() {}

    mutating func add(_ part: LanePart, _ number: Int) {
        switch part {
        case .states: states += number
        case .timers: timers += number
        case .actions: actions += number
        case .open: openItems += number
        case .forgotten: break
        }
    }
}

/// Carries moves out. Belongs to the thread of its connection.
package final class LaneMover {
    let store: LaneStore
    let topologies: TopologyStore
    /// How long verified copies lie before they are looked at again and the topology is switched over; nil for neither:
    /// one server forgets newer writes before older ones.
    let grace: Duration?
    /// Called before each call to Redis with the call's name; a test ends the mover there.
    private let border: (String) throws(LaneError) -> Void
    /// Since when the copies of a move are verified, and of what.
    private var verified: (move: UInt64, at: ContinuousClock.Instant, origins: Origins)?
    var count = MoveCount()
    /// Attempts that were open when a stopped lane was looked at last.
    var underWay: [LaneName: (move: UInt64, actions: [ActionID])] = [:]

    /// - Parameter grace: what a cluster may forget; nil for two seconds there and none elsewhere.
    package init(
        store: LaneStore, grace: Duration? = nil,
        border: @escaping (String) throws(LaneError) -> Void = { _ in }
    ) {
        self.store = store
        self.grace = grace ?? (store.connection.isCluster ? .seconds(2) : nil)
        self.border = border
        topologies = TopologyStore(
            connection: store.connection, keyspace: store.keyspace, durability: store.durability)
    }

    /// Goes on as far as is possible now. Redis: a round trip for each page of 64 elements of each part of a lane, three
    /// times; in all O(elements of the stopped lanes).
    package func carryOn(_ begun: LaneMove) throws(MoveError) -> MoveProgress {
        do throws(LaneError) {
            return try goOn(begun)
        } catch .invalidRequest(let words) {
            throw .unexpected(words)
        } catch {
            throw .lane(error)
        }
    }

    func call<Value>(_ name: String, _ body: () throws(LaneError) -> Value) throws(LaneError) -> Value {
        try border(name)
        return try body()
    }

    /// The move as it stands now; nil if it does not.
    func standing(_ move: LaneMove) throws(LaneError) -> LaneMove? {
        try call("moves") { () throws(LaneError) in try topologies.moves() }.first { $0.number == move.number }
    }

    /// What became of a move that does not stand any more.
    func end(of move: LaneMove) throws(LaneError) -> MoveProgress {
        try call("topology") { () throws(LaneError) in try topologies.read() }.has(move) ? .done(count) : .takenBack
    }

    private func goOn(_ begun: LaneMove) throws(LaneError) -> MoveProgress {
        guard var move = try standing(begun) else { return try end(of: begun) }
        let topology = try call("topology") { () throws(LaneError) in try topologies.read() }
        guard move.phase != .abandoning else {
            try takeBack(move, topology)
            return .takenBack
        }
        let lanes = MoveLanes(move, topology)
        if let progress = try makeCopies(move, lanes, topology) { return progress }
        if !move.isSwitched {
            guard let after = try call("switch", { () throws(LaneError) in try topologies.switchOver(move) }) else {
                return try overtaken(move, "expected \(move) to fit the topology, which somebody else has changed")
            }
            move = after
        }
        try clear(lanes.sources, move.number, topology.applying(move))
        if grace != nil {
            if case .not(let progress) = try standstill(move, lanes, topology) {
                verified = nil
                return progress
            }
        }
        try open(lanes, move)
        try call("finish") { () throws(LaneError) in try topologies.finish(move) }
        verified = nil
        return .done(count)
    }

    /// Stops, copies, waits and looks again, whatever is next; nil once the copies can be relied upon.
    private func makeCopies(
        _ move: LaneMove, _ lanes: MoveLanes, _ topology: Topology
    ) throws(LaneError) -> MoveProgress? {
        let future = topology.applying(move)
        if verified?.move != move.number {
            count = MoveCount()
            let origins: Origins
            switch try standstill(move, lanes, topology) {
            case .still(let sources): origins = sources
            case .not(let progress): return progress
            }
            try copy(from: origins, move, lanes, future)
            guard grace != nil else { return nil }
            if let progress = try compareBack(move, lanes, topology) { return progress }
            switch try standstill(move, lanes, topology) {
            case .still(let sources): verified = (move.number, .now, sources)
            case .not(let progress): return progress
            }
        }
        guard let grace, let since = verified else { return nil }
        guard since.at + grace <= .now else { return .waiting(["the copies lie for \(grace) before they are used"]) }
        // Forgotten until all of it was seen again: whatever fails here is done again from the stop on.
        verified = nil
        let changes = store.connection.changes
        switch try standstill(move, lanes, topology) {
        case .still(let origins):
            try compare(origins, move, lanes, future)
            guard origins == since.origins, changes == store.connection.changes else {
                return .waiting(["a server has forgotten something: all is copied again"])
            }
        case .not(let progress): return progress
        }
        verified = since
        return nil
    }

    /// Somebody else carries the move on, or takes it back: that is seen next time. If not, `words` is what is wrong.
    func overtaken(_ move: LaneMove, _ words: String) throws(LaneError) -> MoveProgress {
        guard try standing(move) != move else { throw .invalidRequest(words) }
        return .waiting(["somebody else is at it"])
    }
}

@available(*, unavailable, message: "a mover belongs to the thread of its connection")
extension LaneMover: Sendable {}
