internal import Contracts
internal import Instants
internal import Redis

/// Copying, comparing and dropping, page by page.
extension LaneMover {
    /// Copies what is others' afterwards, then reads all of it back.
    func copy(
        from origins: Origins, _ move: LaneMove, _ lanes: MoveLanes, _ future: Topology
    ) throws(LaneError) {
        let filled = try stillFrozen(lanes, move)
        for origin in origins {
            try eachPage(of: origin.lane, future) { (pieces) throws(LaneError) in
                let pieces = pieces.filter { filled.contains($0.lane) }
                for piece in pieces { count.add(piece.part, piece.items.count) }
                try call("import") { () throws(LaneError) in
                    // A lane goes on later than the one it got something of, so that results tell the order.
                    try store.importing(
                        pieces, by: move.number, origin: (origin.sequence, origin.now + .milliseconds(1)))
                }
            }
        }
        try copyTombstones(move, lanes, filled)
        try compare(origins, move, lanes, future)
    }

    /// Reads back what was copied, and compares.
    func compare(
        _ origins: Origins, _ move: LaneMove, _ lanes: MoveLanes, _ future: Topology
    ) throws(LaneError) {
        let filled = try stillFrozen(lanes, move)
        for origin in origins {
            try eachPage(of: origin.lane, future) { (pieces) throws(LaneError) in
                let pieces = pieces.filter { filled.contains($0.lane) }
                try call("verify") { () throws(LaneError) in try verify(pieces, from: origin.lane) }
            }
        }
        guard let (lane, _) = try lackingTombstones(lanes, filled).first else { return }
        throw .unexpectedReply(call: "verify \(lane)", came: "fewer tombstones than its move copied")
    }

    /// Looks for copies of what the lane that has it by the topology of now does not hold so any more; nil for none.
    func compareBack(_ move: LaneMove, _ lanes: MoveLanes, _ topology: Topology) throws(LaneError) -> MoveProgress? {
        guard !move.isSwitched else { return nil }
        do throws(LaneError) {
            for lane in lanes.all {
                try eachPage(of: lane, topology) { (pieces) throws(LaneError) in
                    try call("verify back") { () throws(LaneError) in try verify(pieces, from: lane) }
                }
            }
            return nil
        } catch .unexpectedReply(_, let came) {
            return try overtaken(
                move,
                "expected copies of what there is, got \(came): a server forgot that a lane stands still. "
                    + "Abandon the move and begin it anew")
        }
    }

    /// Once the topology is the new one, a lane that is open again has what it gets, and newer: nothing may be said of it.
    private func stillFrozen(_ lanes: MoveLanes, _ move: LaneMove) throws(LaneError) -> Set<LaneName> {
        guard move.isSwitched else { return Set(lanes.all) }
        return Set(try lookAtAll(lanes.all).filter { $0.move == "\(move.number)" }.map(\.lane))
    }

    /// Drops from lanes that a move has frozen what is another lane's.
    func clear(_ lanes: [LaneName], _ number: UInt64, _ topology: Topology) throws(LaneError) {
        for look in try lookAtAll(lanes) where look.move == "\(number)" {
            var changes: UInt64
            repeat {
                // A walk that goes on at another server may skip elements.
                changes = store.connection.changes
                try eachPage(of: look.lane, topology) { (pieces) throws(LaneError) in
                    let own = pieces.map { LanePiece(lane: look.lane, part: $0.part, items: $0.items) }
                    try call("discard") { () throws(LaneError) in try store.discard(own, by: number) }
                }
            } while changes != store.connection.changes
        }
    }

    /// All of these lanes, or an error: one that cannot be seen is no lane that has nothing to do.
    func lookAtAll(_ lanes: [LaneName]) throws(LaneError) -> [LaneLook] {
        let looks = try call("look") { () throws(LaneError) in try store.look(lanes) }
        let seen = Set(looks.map(\.lane))
        guard let missing = lanes.first(where: { !seen.contains($0) }) else { return looks }
        throw .unexpectedReply(call: "look", came: "nothing of \(missing): its server cannot be reached")
    }

    /// Walks what a lane holds that this topology gives to other lanes, in pieces for those.
    private func eachPage(
        of lane: LaneName, _ topology: Topology, _ body: ([LanePiece]) throws(LaneError) -> Void
    ) throws(LaneError) {
        var contents = LaneContents(lane, store)
        while let page = try call("scan", { () throws(LaneError) in try contents.next() }) {
            let pieces = pieces(of: page, from: lane, topology)
            if !pieces.isEmpty { try body(pieces) }
        }
    }

    private func pieces(
        of page: [(part: LanePart, items: [LaneItem])], from lane: LaneName, _ topology: Topology
    ) -> [LanePiece] {
        var pieces: [LanePiece] = []
        for (part, items) in page {
            var open: [LaneName: (piece: LanePiece, bytes: Int)] = [:]
            for item in items {
                guard let entity = LaneContents.entity(of: item, in: part) else {
                    count.unreadable += 1
                    continue
                }
                guard let target = topology.place(of: entity.laneKey)?.lane, target != lane else { continue }
                var (piece, bytes) = open[target] ?? (LanePiece(lane: target, part: part), 0)
                if piece.items.count >= LanePiece.mostItems || bytes + item.bytes > LanePiece.mostBytes, bytes > 0 {
                    pieces.append(piece)
                    (piece, bytes) = (LanePiece(lane: target, part: part), 0)
                }
                piece.items.append(item)
                open[target] = (piece, bytes + item.bytes)
            }
            pieces += open.sorted { $0.key < $1.key }.map(\.value.piece)
        }
        return pieces
    }

    /// Compares what the targets hold with what was copied.
    private func verify(_ pieces: [LanePiece], from lane: LaneName) throws(LaneError) {
        let commands = pieces.map { piece in
            var command = RedisCommand(piece.part == .timers ? "ZMSCORE" : "HMGET")
            command.add(piece.part.key(store.keys(of: piece.lane)))
            for item in piece.items { command.add(item.name) }
            return command
        }
        for (piece, reply) in zip(pieces, try store.plain(commands)) {
            guard let found = reply.array, found.count == piece.items.count else {
                throw .unexpectedReply(call: "verify \(piece.lane)", came: reply.kind)
            }
            for (item, value) in zip(piece.items, found) {
                let isSame =
                    piece.part == .timers
                    ? value.string.flatMap(Double.init) == Double(item.score) : value.bytes == item.value
                guard isSame else {
                    throw .unexpectedReply(
                        call: "verify \(piece.lane)",
                        came:
                            "another \(piece.part.word) than \(lane) holds of \(String(decoding: item.name, as: UTF8.self))"
                    )
                }
            }
        }
    }
}
