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
//   freeze   each lane that has nothing left to decide; its sequence moves on, so that no commit can follow.
//   copy     by key, in bounded pieces, to lanes that are frozen too; saying it again changes nothing.
//   verify   every element is read back and compared.
//   switch   the topology, one step in the control slot. Up to here the move can be abandoned.
//   clear    the lanes that gave something away drop it.
//   open     under the new generation, which appends must carry: what was placed by the old topology is refused and
//            goes by its key. Owners are fenced and take the lanes anew. Lanes without use are retired and stay readable.
// No lane opens before every lane is cleared: nobody ever works on a state of which there is another copy.
// Rejected: to move the logs too (results name positions in them); to leave a trail that lanes follow (each append and
// echo would have to look for it for as long as logs are kept).
// How it fails: with an owner that decides nothing or settles nothing the move waits, and says for what. On a cluster a
// primary that dies with its last second takes back what it was told: a lane that lost its freezing is stopped and
// frozen again, a switch that was lost is made again. Copies lie for a while (`grace`) before anything is dropped.

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
        }
    }
}

/// Carries moves out. Belongs to the thread of its connection.
package final class LaneMover {
    let store: LaneStore
    let topologies: TopologyStore
    /// How long verified copies lie before the topology is switched over, on a cluster only: one server forgets newer
    /// writes before older ones.
    private let grace: Duration
    /// Called before each call to Redis with the call's name; a test ends the mover there.
    private let border: (String) throws(LaneError) -> Void
    /// Since when the copies of a move are verified.
    private var verified: (move: UInt64, at: ContinuousClock.Instant)?
    var count = MoveCount()

    package init(
        store: LaneStore, grace: Duration = .seconds(2),
        border: @escaping (String) throws(LaneError) -> Void = { _ in }
    ) {
        self.store = store
        self.grace = grace
        self.border = border
        topologies = TopologyStore(connection: store.connection, keyspace: store.keyspace)
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

    /// Takes everything back, as long as the topology is the old one; false if it is not.
    package func abandon(_ move: LaneMove) throws(MoveError) -> Bool {
        do throws(LaneError) {
            guard let standing = try standing(move) else { return true }
            guard !standing.isSwitched else { return false }
            return try takeBack(standing)
        } catch {
            throw .lane(error)
        }
    }

    func call<Value>(_ name: String, _ body: () throws(LaneError) -> Value) throws(LaneError) -> Value {
        try border(name)
        return try body()
    }

    private func standing(_ move: LaneMove) throws(LaneError) -> LaneMove? {
        try call("moves") { () throws(LaneError) in try topologies.moves() }.first { $0.number == move.number }
    }

    private func goOn(_ begun: LaneMove) throws(LaneError) -> MoveProgress {
        guard var move = try standing(begun) else { return .done(count) }
        let topology = try call("topology") { () throws(LaneError) in try topologies.read() }
        let lanes = MoveLanes(move, topology)
        let future = topology.applying(move)
        if verified?.move != move.number {
            count = MoveCount()
            var waits: [String] = []
            let origins = try freeze(move, lanes, topology, &waits)
            guard waits.isEmpty else { return .waiting(waits) }
            try copy(from: origins, move, lanes, future)
            verified = (move.number, .now)
        }
        if let verified, store.connection.isCluster, verified.at + grace > .now {
            return .waiting(["the copies lie for \(grace) before they are used"])
        }
        if !move.isSwitched {
            guard let after = try call("switch", { () throws(LaneError) in try topologies.switchOver(move) }) else {
                throw .invalidRequest("expected \(move) to stand as it was begun, it was changed by somebody else")
            }
            move = after
        }
        try clear(lanes.sources, move, future)
        try open(lanes, move)
        _ = try call("finish") { () throws(LaneError) in try topologies.finish(move) }
        verified = nil
        return .done(count)
    }
}

@available(*, unavailable, message: "a mover belongs to the thread of its connection")
extension LaneMover: Sendable {}
