import Contracts
import Lanes

// Reading what was decided although conversations have changed lanes.
//
// A conversation's results stand in the lanes that it had, in the order of their instants: a lane that it comes to goes
// on later than the lane that it left. So lanes between which conversations may have moved, those of all partitions that
// were ever resized or gave an account away, are read as one.
extension Session {
    /// Lanes that are to be read together, in order; only groups with a named lane, if any is named.
    func groups(_ named: Set<LaneName>) throws -> [[LaneName]] {
        let topology = try topology()
        var together: [LaneName] = []
        var alone: [[LaneName]] = []
        for lane in topology.readableLanes {
            if topology.isMixed(lane) { together.append(lane) } else { alone.append([lane]) }
        }
        let groups = together.isEmpty ? alone : alone + [together]
        let known = Set(topology.readableLanes)
        for lane in named.sorted() where !known.contains(lane) {
            throw Failure(expected: "a lane of this namespace", came: "\"\(lane)\"", at: "--lane")
        }
        return groups.filter { named.isEmpty || !named.isDisjoint(with: $0) }
    }

    /// The lanes in which a conversation of this lane may have left something.
    func group(of lane: LaneName) throws -> [LaneName] {
        try groups([lane]).first ?? [lane]
    }

    /// Walks the results of lanes by the instants of their commits, in pages.
    func eachResult(of lanes: [LaneName], _ each: (StoredResults) throws -> Void) throws {
        var pages: [LaneName: ArraySlice<StoredResults>] = [:]
        var kept: [LaneName: [StoredResults]] = [:]
        for lane in lanes {
            kept[lane] = try store.kept(lane).results
            pages[lane] = try page(lane, after: .start, kept[lane] ?? [])
        }
        while let next = pages.values.compactMap(\.first).min(by: { left, right in
            (left.batch.committedAt, left.lane) < (right.batch.committedAt, right.lane)
        }) {
            try each(next)
            let left = pages[next.lane]?.dropFirst() ?? []
            pages[next.lane] = left.isEmpty ? try page(next.lane, after: next.entry, kept[next.lane] ?? []) : left
        }
    }

    /// The next results of a lane, with the batches from which something was erased in their places.
    private func page(
        _ lane: LaneName, after: EntryID, _ kept: [StoredResults]
    ) throws -> ArraySlice<StoredResults> {
        let page = try store.results(lane, after: after, most: 100)
        let isLast = page.count < 100
        let between = kept.filter { batch in
            batch.entry > after && (isLast || page.last.map { batch.entry < $0.entry } == true)
        }
        return between.isEmpty ? page[...] : (page + between).sorted { $0.entry < $1.entry }[...]
    }
}

/// The events of lanes that are read together, while their house goes on: results that were read later than a lane's log
/// may name events that came behind it.
struct LoggedEvents {
    private let session: Session
    private var events: [LaneName: [Position: Event]] = [:]
    private var newest: [LaneName: EntryID] = [:]

    init(_ session: Session, of lanes: [LaneName]) throws {
        self.session = session
        for lane in lanes { try read(lane) }
    }

    /// What a result was decided about; nil for a timer's, and where the event has aged.
    mutating func event(of result: DecisionResult, in lane: LaneName) throws -> Event? {
        guard result.timer.isEmpty else { return nil }
        if let event = events[lane]?[result.place] { return event }
        guard result.place.entry > newest[lane] ?? .start else { return nil }
        try read(lane)
        return events[lane]?[result.place]
    }

    private mutating func read(_ lane: LaneName) throws {
        let found = try session.events(of: lane)
        events[lane] = found
        newest[lane] = found.keys.map(\.entry).max()
    }
}

extension Topology {
    /// Whether conversations may have come to this lane or left it: a move raises the generation of what it stops.
    fileprivate func isMixed(_ lane: LaneName) -> Bool {
        if retired[lane] != nil { return true }
        guard !lane.isDesk else { return false }
        let takesIn = accounts.values.contains { $0.generation > 1 && $0.partition.text == lane.partition }
        return takesIn || generation(of: lane) ?? 1 > 1
    }
}
