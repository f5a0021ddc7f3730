internal import Contracts
internal import Instants

// Moves and persons who are to be forgotten.
//
// Problem: an order to forget names a place in one lane's log, and what it has to erase would leave for lanes that have no
// such order. Choice: a lane is not frozen before its orders are carried out and what came late is erased; what is left are
// tombstones, which go to every lane of the move, since a hash does not tell which of them its person's things go to. They
// compare as they did: a lane goes on behind the one that it got something of. What a lane has done stays with it, where who
// ordered it asks. Rejected: to hand over orders half carried out, whose places mean nothing in another log. How it fails: a
// lane whose owner erases nothing holds the move up, which says so; an order that waits in a spool for a lane that is retired
// meanwhile is lost.
extension LaneMover {
    /// What is still to be erased in these lanes, a line each.
    func orders(in lanes: [LaneName]) throws(LaneError) -> [String] {
        var waits: [String] = []
        for (lane, people) in zip(lanes, try call("forgotten") { () throws(LaneError) in try store.forgotten(lanes) }) {
            guard let people else {
                waits.append("\(lane): its server cannot be reached")
                continue
            }
            if !people.orders.isEmpty { waits.append("\(lane): \(people.orders.count) persons are being forgotten") }
            if !people.late.isEmpty { waits.append("\(lane): \(people.late.count) late events are still to be erased") }
        }
        return waits
    }

    /// Gives every lane of the move the tombstones of the others.
    func copyTombstones(_ move: LaneMove, _ lanes: MoveLanes, _ filled: Set<LaneName>) throws(LaneError) {
        for (lane, stones) in try lackingTombstones(lanes, filled) {
            for start in stride(from: 0, to: stones.count, by: LanePiece.mostItems) {
                let items = stones[start...].prefix(LanePiece.mostItems).map { hash, stone in
                    LaneItem(name: Array("t:\(hash)".utf8), value: Array(stone.text.utf8))
                }
                let piece = LanePiece(lane: lane, part: .forgotten, items: items)
                try call("import") { () throws(LaneError) in
                    try store.importing([piece], by: move.number, origin: (0, .epoch))
                }
            }
        }
    }

    /// What lanes lack of each other's tombstones; of two of one person the later counts.
    func lackingTombstones(
        _ lanes: MoveLanes, _ filled: Set<LaneName>
    ) throws(LaneError) -> [(lane: LaneName, stones: [(String, Tombstone)])] {
        let found = try call("forgotten") { () throws(LaneError) in try store.forgotten(lanes.all) }
        var union: [String: Tombstone] = [:]
        for (lane, people) in zip(lanes.all, found) {
            guard let people else {
                throw .unexpectedReply(call: "forgotten", came: "nothing of \(lane): its server cannot be reached")
            }
            union.merge(people.tombstones) { $0.at < $1.at ? $1 : $0 }
        }
        var lacking: [(lane: LaneName, stones: [(String, Tombstone)])] = []
        for (lane, people) in zip(lanes.all, found) where filled.contains(lane) {
            let known = people?.tombstones ?? [:]
            let stones = union.filter { hash, stone in known[hash].map { $0.at < stone.at } ?? true }
            guard !stones.isEmpty else { continue }
            lacking.append((lane: lane, stones: stones.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        }
        return lacking
    }
}
