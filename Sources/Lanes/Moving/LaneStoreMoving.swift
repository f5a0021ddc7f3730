internal import Contracts
internal import Instants
internal import Redis

/// The parts of a lane that go along: all but the last with their entities.
enum LanePart: Hashable {
    case states(Int)
    case timers
    case actions
    case open
    /// Tombstones, to every lane of the move: they do not tell where their person's things lie.
    case forgotten

    /// As the functions name it.
    var word: String {
        switch self {
        case .states: "states"
        case .timers: "timers"
        case .actions: "actions"
        case .open: "open"
        case .forgotten: "forgotten"
        }
    }

    /// Those that belong to entities.
    static let all = (0..<StateHash.count).map(LanePart.states) + [.timers, .actions, .open]

    func key(_ keys: LaneKeys) -> [UInt8] {
        switch self {
        case .states(let number): keys.states[number]
        case .timers: keys.timers
        case .actions: keys.actions
        case .open: keys.open
        case .forgotten: keys.forgotten
        }
    }
}

/// One element of a part: a state, a timer, an action, an open item.
struct LaneItem {
    /// Entity, action's id or conversation.
    let name: [UInt8]
    /// Empty for a timer.
    let value: [UInt8]
    /// Due instant of a timer, next attempt of an action, in ms.
    var score: Int64 = 0

    var bytes: Int { name.count + value.count + 32 }
}

/// A piece of a part on its way to or out of a lane.
struct LanePiece {
    let lane: LaneName
    let part: LanePart
    var items: [LaneItem] = []

    static let mostItems = 250
    static let mostBytes = 512 << 10
}

enum FreezeReply {
    /// Nothing is decided in it any more; `now` is not behind its last entry.
    case frozen(sequence: UInt64, now: Instant)
    case busy(undecided: UInt64)
    case moving(by: String)
    /// The move has let go of it: done, or taken back.
    case over
    case missing
    case failed(LaneFault)
}

/// How a lane is let go.
enum ThawVerb: Equatable {
    /// Goes on, under this generation if one is given.
    case open(generation: UInt64?)
    case retire(generation: UInt64?)
    /// Nothing of the move gets at it any more; the first step of taking it back.
    case fence
    /// Goes on as it was.
    case back
}

enum ThawReply {
    case thawed
    /// The move has let go of it before.
    case over
    /// This move does not have it frozen, and had not.
    case other(generation: UInt64, mark: String)
    case failed(LaneFault)
}

/// What a mover does to lanes; the Lua files say what each call guarantees.
extension LaneStore {
    func freeze(_ lanes: [(lane: LaneName, isSource: Bool)], by number: UInt64) throws(LaneError) -> [FreezeReply] {
        let commands = lanes.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.freeze, keys: 2)
            command.add(keys.hash)
            command.add(keys.wakeChannel)
            command.add(number)
            command.add(request.isSource ? "source" : "target")
            return command
        }
        let replies = try run(commands, durably: true)
        return try each(lanes, replies, call: "freeze", fault: FreezeReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "frozen":
                .frozen(
                    sequence: try answer.count(1),
                    now: max(
                        try answer.instant(2),
                        Instant(milliseconds: Int64(clamping: try answer.entry(4).milliseconds))))
            case "busy": .busy(undecided: try answer.count(1))
            case "moving": .moving(by: try answer.text(1))
            case "over": .over
            case "missing": .missing
            default: throw answer.unexpected(0)
            }
        }
    }

    func thaw(_ lanes: [(lane: LaneName, verb: ThawVerb)], by number: UInt64) throws(LaneError) -> [ThawReply] {
        let commands = lanes.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.thaw, keys: 2)
            command.add(keys.hash)
            command.add(keys.wakeChannel)
            command.add(number)
            let (word, generation): (String, UInt64?) =
                switch request.verb {
                case .open(let generation): ("open", generation)
                case .retire(let generation): ("retire", generation)
                case .fence: ("fence", nil)
                case .back: ("back", nil)
                }
            command.add(word)
            if let generation { command.add(generation) } else { command.add("") }
            return command
        }
        let replies = try run(commands, durably: true)
        return try each(lanes, replies, call: "thaw", fault: ThawReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "thawed": .thawed
            case "over": .over
            case "other": .other(generation: try answer.count(1), mark: try answer.text(2))
            default: throw answer.unexpected(0)
            }
        }
    }

    /// Puts pieces into lanes that the move has frozen.
    ///
    /// - Parameter origin: what the lanes' `now` and sequence must not be behind.
    func importing(
        _ pieces: [LanePiece], by number: UInt64, origin: (sequence: UInt64, now: Instant)
    ) throws(LaneError) {
        let commands = pieces.map { piece in
            var command = head(LaneLibrary.importing, piece)
            command.add(number)
            command.add(origin.now)
            command.add(origin.sequence)
            command.add(piece.part.word)
            for item in piece.items {
                switch piece.part {
                case .timers:
                    command.add(item.score)
                    command.add(item.name)
                case .actions:
                    command.add(item.name)
                    command.add(item.value)
                    command.add(item.score)
                case .states, .open, .forgotten:
                    command.add(item.name)
                    command.add(item.value)
                }
            }
            return command
        }
        try expect("imported", of: "import", pieces, try run(commands, durably: true))
    }

    /// Drops pieces from lanes that the move has frozen.
    func discard(_ pieces: [LanePiece], by number: UInt64) throws(LaneError) {
        let commands = pieces.map { piece in
            var command = head(LaneLibrary.discard, piece)
            command.add(number)
            command.add(piece.part.word)
            for item in piece.items { command.add(item.name) }
            return command
        }
        try expect("discarded", of: "discard", pieces, try run(commands, durably: true))
    }

    private func head(_ function: [UInt8], _ piece: LanePiece) -> RedisCommand {
        let keys = keys(of: piece.lane)
        let bytes = piece.items.reduce(400) { $0 + $1.bytes }
        var command = RedisCommand(function: function, keys: piece.part == .actions ? 4 : 3, expectedBytes: bytes)
        command.add(keys.hash)
        command.add(keys.timers)
        command.add(piece.part.key(keys))
        if piece.part == .actions { command.add(keys.outbox) }
        return command
    }

    private func expect(
        _ word: String, of call: String, _ pieces: [LanePiece], _ replies: [RedisReply]
    ) throws(LaneError) {
        let faults = try each(pieces, replies, call: call, fault: { Optional($0) }) { piece, answer throws(LaneError) in
            guard answer.word != word else { return nil }
            return LaneFault(code: "FENCED", message: "\(piece.lane) is not frozen by this move")
        }
        for (piece, fault) in zip(pieces, faults) {
            if let fault { throw .unexpectedReply(call: "\(call) of \(piece.lane)", came: fault.description) }
        }
    }
}
