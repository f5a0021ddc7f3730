internal import Contracts
internal import Instants
internal import Redis

/// Copying, comparing and dropping, page by page.
extension LaneMover {
    /// Copies what is others' afterwards, then reads all of it back.
    ///
    /// Once the topology is the new one, a lane that is open again has what it gets, and newer.
    func copy(
        from origins: Origins, _ move: LaneMove, _ lanes: MoveLanes, _ future: Topology
    ) throws(LaneError) {
        var opened: Set<LaneName> = []
        if move.isSwitched {
            let looks = try call("look") { () throws(LaneError) in try store.look(lanes.all) }
            opened = Set(looks.filter { $0.move != "\(move.number)" }.map(\.lane))
        }
        for origin in origins {
            try eachPage(of: origin.lane, future) { (pieces) throws(LaneError) in
                let pieces = pieces.filter { !opened.contains($0.lane) }
                for piece in pieces { count.add(piece.part, piece.items.count) }
                try call("import") { () throws(LaneError) in
                    // A lane goes on later than the one it got something of, so that results tell the order.
                    try store.importing(
                        pieces, by: move, origin: (origin.sequence, origin.now + .milliseconds(1)))
                }
            }
        }
        for origin in origins {
            try eachPage(of: origin.lane, future) { (pieces) throws(LaneError) in
                let pieces = pieces.filter { !opened.contains($0.lane) }
                try call("verify") { () throws(LaneError) in try verify(pieces, from: origin.lane) }
            }
        }
    }

    /// Drops from lanes that are frozen what is another lane's.
    func clear(_ lanes: [LaneName], _ move: LaneMove, _ topology: Topology) throws(LaneError) {
        let looks = try call("look") { () throws(LaneError) in try store.look(lanes) }
        for look in looks where look.move == "\(move.number)" {
            try eachPage(of: look.lane, topology) { (pieces) throws(LaneError) in
                let own = pieces.map { LanePiece(lane: look.lane, part: $0.part, items: $0.items) }
                try call("discard") { () throws(LaneError) in try store.discard(own, by: move) }
            }
        }
    }

    /// Undoes what was done for a move: copies go, lanes that were there go on as before.
    func takeBack(_ move: LaneMove) throws(LaneError) -> Bool {
        let topology = try call("topology") { () throws(LaneError) in try topologies.read() }
        let lanes = MoveLanes(move, topology)
        // What a lane has that the topology of now gives to another lane is a copy.
        try clear(lanes.all, move, topology)
        let known = Set(topology.lanes)
        let looks = try call("look") { () throws(LaneError) in try store.look(lanes.all) }
        let frozen = looks.filter { $0.move == "\(move.number)" }.map {
            (lane: $0.lane, retires: !known.contains($0.lane), generation: UInt64?.none)
        }
        _ = try call("thaw") { () throws(LaneError) in try store.thaw(frozen, by: move) }
        let stopped = looks.filter { $0.move == nil && $0.isSettling }.map {
            (lane: $0.lane, verb: ControlVerb.open(generation: nil))
        }
        _ = try call("open") { () throws(LaneError) in try store.control(stopped) }
        return try call("finish") { () throws(LaneError) in try topologies.finish(move) }
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
