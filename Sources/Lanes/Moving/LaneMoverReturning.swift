internal import Contracts
internal import Redis

// How a move is taken back.
//
// Problem: whoever abandons a move may die too, and the mover may be at work meanwhile, between any two of its calls.
// Choice: `abandoning` in the control slot first, in one step: from then on nobody switches over, and whoever meets the
// move takes it back. Then every lane is fenced, there or not, frozen or not: what the mover still has in hand stops,
// freezes and fills nothing. Only then copies go, and only when all are gone a lane is let go. Last the move leaves the list.
// The same is done with lanes that carry the number of a move that does not stand at all: a control primary may die
// with the beginning of a move, while lanes on others remember it.
// Rejected: to compare only at the end, when originals may have been dropped beside the copies.

extension LaneMover {
    /// Takes everything back, as long as the topology is the old one; false if it is the new one.
    package func abandon(_ move: LaneMove) throws(MoveError) -> Bool {
        do throws(LaneError) {
            while true {
                guard let standing = try standing(move) else { return try end(of: move) == .takenBack }
                guard !standing.isSwitched else { return false }
                // Nil: the mover was quicker, which the next look tells.
                guard
                    let abandoning = try call(
                        "abandon", { () throws(LaneError) in try topologies.startTakingBack(standing) })
                else { continue }
                let topology = try call("topology") { () throws(LaneError) in try topologies.read() }
                try takeBack(abandoning, topology)
                return true
            }
        } catch {
            throw .lane(error)
        }
    }

    /// Undoes what was done for a move: copies go, lanes that were there go on as before.
    func takeBack(_ move: LaneMove, _ topology: Topology) throws(LaneError) {
        let lanes = MoveLanes(move, topology).all
        _ = try letGoOfStrays(in: lanes, of: move, topology)
        try letGo(of: lanes, move.number, topology)
        try call("finish") { () throws(LaneError) in try topologies.finish(move) }
    }

    /// Lets go of what is frozen by moves that do not stand any more; gives their numbers.
    ///
    /// Two moves never stand for the same partition, so that another number than that of the move which stands is none of a
    /// move that does.
    func letGoOfStrays(
        in lanes: [LaneName], of move: LaneMove, _ topology: Topology
    ) throws(LaneError) -> [UInt64] {
        let looks = try lookAtAll(lanes)
        let numbers = Set(looks.compactMap { $0.move.flatMap { UInt64($0) } }).subtracting([move.number])
        // A mover that was overtaken sees lanes of the next move: it must not touch them.
        guard !numbers.isEmpty, try standing(move) == move else { return [] }
        let all = Set(topology.readableLanes).union(lanes).sorted()
        for number in numbers.sorted() {
            let held = try lookAtAll(all).filter { $0.move == "\(number)" }.map(\.lane)
            try letGo(of: held, number, topology)
        }
        return numbers.sorted()
    }

    private func letGo(of lanes: [LaneName], _ number: UInt64, _ topology: Topology) throws(LaneError) {
        try thaw(lanes.map { ($0, .fence) }, "fence", number)
        // What a lane has that the topology of now gives to another lane is a copy.
        try clear(lanes, number, topology)
        let known = Set(topology.lanes)
        try thaw(lanes.map { ($0, known.contains($0) ? .back : .retire(generation: nil)) }, "thaw", number)
    }

    private func thaw(
        _ requests: [(lane: LaneName, verb: ThawVerb)], _ name: String, _ number: UInt64
    ) throws(LaneError) {
        let replies = try call(name) { () throws(LaneError) in try store.thaw(requests, by: number) }
        for (request, reply) in zip(requests, replies) {
            switch reply {
            case .thawed, .over: continue
            case .other(let generation, let mark):
                throw .unexpectedReply(
                    call: "\(name) \(request.lane)", came: "generation \(generation), move \"\(mark)\"")
            case .failed(let fault):
                throw .unexpectedReply(call: "\(name) \(request.lane)", came: fault.description)
            }
        }
    }
}
