internal import Contracts
internal import Instants

/// What a lane of a move is up to.
private enum LaneStage {
    /// Frozen by this move.
    case frozen
    /// Done with: open under the new generation, or retired.
    case finished
    case atWork
}

/// A frozen source, and what no lane that gets something of it may be behind.
struct Origin: Equatable {
    let lane: LaneName
    let sequence: UInt64
    let now: Instant

    /// Nothing was decided in it since; its clock goes on.
    static func == (left: Self, right: Self) -> Bool { (left.lane, left.sequence) == (right.lane, right.sequence) }
}

typealias Origins = [Origin]

enum Standstill {
    /// All stand still; with the sources that are not done with.
    case still(Origins)
    /// Not yet, or not any more.
    case not(MoveProgress)
}

/// Stopping, freezing, opening.
extension LaneMover {
    /// Brings every lane to a standstill that is not done with: those that receive only once the others stand still.
    func standstill(_ move: LaneMove, _ lanes: MoveLanes, _ topology: Topology) throws(LaneError) -> Standstill {
        let strays = try letGoOfStrays(in: lanes.all, of: move, topology)
        guard strays.isEmpty else {
            return .not(
                .waiting(strays.map { "lanes were frozen by move \($0), which stands no more: they are let go" }))
        }
        let looks = try look(lanes.sources)
        let open = lanes.sources.filter { stage(looks[$0], move, isSource: true) == .atWork }
        // Before they are stopped: while somebody is forgotten in them they need not stand still.
        var waits = try orders(in: lanes.sources.filter { looks[$0]?.isSettling == false && looks[$0]?.move == nil })
        guard waits.isEmpty else { return .not(.waiting(waits)) }
        try stop(open, looks, move, &waits)
        guard waits.isEmpty else { return .not(.waiting(waits)) }
        let sources = lanes.sources.filter { stage(looks[$0], move, isSource: true) != .finished }
        let frozen = try freeze(sources.map { ($0, isSource: true) }, move)
        guard case .still(let origins) = frozen else { return frozen }
        try prepare(lanes.targets, move, topology, offset: looks.values.map(\.offset).max() ?? .zero)
        let receiving = try freeze(lanes.targets.map { ($0, isSource: false) }, move)
        guard case .still = receiving else { return receiving }
        return .still(origins)
    }

    private func freeze(_ lanes: [(lane: LaneName, isSource: Bool)], _ move: LaneMove) throws(LaneError) -> Standstill {
        guard !lanes.isEmpty else { return .still([]) }
        let replies = try call("freeze") { () throws(LaneError) in try store.freeze(lanes, by: move.number) }
        var origins: Origins = []
        var waits: [String] = []
        for ((lane, _), reply) in zip(lanes, replies) {
            switch reply {
            case .frozen(let sequence, let now): origins.append(Origin(lane: lane, sequence: sequence, now: now))
            case .busy(let undecided): waits.append("\(lane): \(undecided) events are undecided")
            case .moving(let other): waits.append("\(lane): another move, \(other), has it")
            // Opened by a run before; only a switched move opens.
            case .over where move.isSwitched: continue
            case .over:
                return .not(
                    try overtaken(move, "expected \(lane) to be at work: \(move) has let go of it, and is not switched")
                )
            case .missing: waits.append("\(lane): expected a lane, there is none")
            case .failed(let fault): waits.append("\(lane): \(fault)")
            }
        }
        return waits.isEmpty ? .still(origins) : .not(.waiting(waits))
    }

    private func stage(_ look: LaneLook?, _ move: LaneMove, isSource: Bool) -> LaneStage {
        guard let look else { return .atWork }
        if look.move == "\(move.number)" { return .frozen }
        return isSource && look.generation >= move.generation ? .finished : .atWork
    }

    private func look(_ lanes: [LaneName]) throws(LaneError) -> [LaneName: LaneLook] {
        let looks = try call("look") { () throws(LaneError) in try store.look(lanes) }
        return Dictionary(looks.map { ($0.lane, $0) }) { first, _ in first }
    }

    /// Has lanes refuse what is new, and tells what is left to decide and to settle in them.
    private func stop(
        _ lanes: [LaneName], _ looks: [LaneName: LaneLook], _ move: LaneMove, _ waits: inout [String]
    ) throws(LaneError) {
        for lane in lanes where looks[lane] == nil { waits.append("\(lane): its server cannot be reached") }
        let lanes = lanes.filter { looks[$0] != nil }
        let running = lanes.filter { looks[$0]?.isSettling != true || looks[$0]?.isClosed != true }
        let replies = try call("stop") { () throws(LaneError) in
            try store.control(running.map { (lane: $0, verb: ControlVerb.stop(move: move.number)) })
        }
        for (lane, reply) in zip(running, replies) {
            if case .done = reply { continue }
            waits.append("\(lane): expected it to be stopped, got \(reply)")
        }
        for (lane, look) in try self.look(lanes).sorted(by: { $0.key < $1.key }) {
            let owner = look.isPaused ? "it is paused" : look.owner.map { "owner \($0)" } ?? "no owner"
            if look.pending > 0 { waits.append("\(lane): \(look.pending) events are undecided, \(owner)") }
            guard look.isSettling, look.pending == 0 else {
                underWay[lane] = nil
                continue
            }
            let open = try countOpen(lane, move)
            if open > 0 { waits.append("\(lane): \(open) actions are under way, \(owner)") }
        }
        // An order is noted before it is decided, so that none is missed once everything is.
        waits += try orders(in: lanes)
    }

    /// Actions of a stopped lane whose attempt is under way. All of them are read once; since nothing more is claimed, only
    /// those that were open are looked at from then on, and all once more when none is left of them.
    private func countOpen(_ lane: LaneName, _ move: LaneMove) throws(LaneError) -> Int {
        if let known = underWay[lane], known.move == move.number {
            let left = try call("open") { () throws(LaneError) in try store.stillOpen(known.actions, of: lane) }
            underWay[lane] = (move.number, left)
            if !left.isEmpty { return left.count }
        }
        let open = try call("actions") { () throws(LaneError) in try store.recover(lane) }.filter(\.isOpen).map(\.id)
        underWay[lane] = (move.number, open)
        return open.count
    }

    /// Makes the lanes that only get something, and sets their clocks with those of the others.
    private func prepare(
        _ lanes: [LaneName], _ move: LaneMove, _ topology: Topology, offset: Duration
    ) throws(LaneError) {
        guard !lanes.isEmpty else { return }
        let generation = move.isResize ? move.generation : 1
        let create = ControlVerb.create(generation: generation, isVirtual: topology.isVirtual, offset: offset)
        for (lane, reply) in zip(
            lanes, try call("create") { () throws(LaneError) in try store.control(lanes.map { ($0, create) }) })
        {
            guard case .done = reply else { throw .unexpectedReply(call: "create \(lane)", came: "\(reply)") }
        }
        let looks = try look(lanes)
        let behind = lanes.compactMap { lane -> (lane: LaneName, verb: ControlVerb)? in
            guard topology.isVirtual, let look = looks[lane], look.offset < offset else { return nil }
            return (lane, .step(offset - look.offset))
        }
        if !behind.isEmpty { _ = try call("step") { () throws(LaneError) in try store.control(behind) } }
    }

    /// Lets the lanes go on under their new generation; retires those that have no use.
    func open(_ lanes: MoveLanes, _ move: LaneMove) throws(LaneError) {
        let sources = Set(lanes.sources)
        let requests = lanes.all.map { (lane) -> (lane: LaneName, verb: ThawVerb) in
            let generation = move.isResize || sources.contains(lane) ? move.generation : nil
            return (
                lane, lanes.retired.contains(lane) ? .retire(generation: generation) : .open(generation: generation)
            )
        }
        let replies = try call("thaw") { () throws(LaneError) in try store.thaw(requests, by: move.number) }
        for (request, reply) in zip(requests, replies) {
            switch reply {
            case .thawed, .over: continue
            case .other(let generation, let mark):
                throw .unexpectedReply(call: "thaw \(request.lane)", came: "generation \(generation), move \"\(mark)\"")
            case .failed(let fault):
                throw .unexpectedReply(call: "thaw \(request.lane)", came: fault.description)
            }
        }
    }
}

extension LaneMove {
    fileprivate var isResize: Bool {
        if case .resize = change { true } else { false }
    }
}
