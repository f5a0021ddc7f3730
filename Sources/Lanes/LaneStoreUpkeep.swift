package import Contracts
internal import Instants
internal import Redis

/// Operators' verbs, erasure and trimming.
extension LaneStore {
    /// Changes the hashes of lanes and wakes their owners. Redis: O(1).
    package func control(_ verbs: [(lane: LaneName, verb: ControlVerb)]) throws(LaneError) -> [ControlReply] {
        let commands = verbs.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.control, keys: 3)
            command.add(keys.hash)
            command.add(keys.log)
            command.add(keys.wakeChannel)
            Self.add(request.verb, to: &command)
            return command
        }
        let replies = try run(commands)
        return try each(verbs, replies, call: "control", fault: ControlReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "done": .done(try answer.clock(1))
            case "differs": .differs
            case "missing": .missing
            case "fenced": .fenced
            default: throw answer.unexpected(0)
            }
        }
    }

    package func control(_ verb: ControlVerb, _ lane: LaneName) throws(LaneError) -> ControlReply {
        guard let reply = try control([(lane: lane, verb: verb)]).first else {
            throw .unexpectedReply(call: "control", came: "nothing")
        }
        return reply
    }

    private static func add(_ verb: ControlVerb, to command: inout RedisCommand) {
        func add(_ word: String, _ first: String = "", _ second: String = "") {
            command.add(word)
            command.add(first)
            command.add(second)
        }
        switch verb {
        case .create(let generation, let isVirtual, let offset):
            add("create", String(generation), isVirtual ? String(max(0, offset.wholeMilliseconds)) : "")
        case .pause: add("pause")
        case .resume: add("resume")
        case .close: add("close")
        case .open(let generation): add("open", generation.map { String($0) } ?? "")
        case .drain: add("drain")
        case .stop(let move): add("stop", String(move))
        case .step(let duration): add("step", String(max(0, duration.wholeMilliseconds)))
        case .want(let owner): add("want", owner)
        case .mark(let mark, let token): add("mark", mark.description, token.description)
        case .clearMark(let token): add("unmark", "", token.description)
        }
    }

    /// Removes what each lane need not keep any longer, at most 256 entries of its log a call.
    package func trim(_ lanes: [LaneName], retention: Retention) throws(LaneError) -> [TrimReply] {
        let commands = lanes.map { lane in
            let keys = keys(of: lane)
            var command = RedisCommand(function: LaneLibrary.trim, keys: 4)
            command.add(keys.hash)
            command.add(keys.log)
            command.add(keys.results)
            command.add(keys.dead)
            command.add(retention.log)
            command.add(retention.mostLogBytes)
            command.add(retention.results)
            command.add(retention.deadLetters)
            command.add(256)
            return command
        }
        let replies = try run(commands)
        return try each(lanes, replies, call: "trim", fault: TrimReply.failed) { _, answer throws(LaneError) in
            guard answer.word == "trimmed" else { throw answer.unexpected(0) }
            return .trimmed(
                Trimmed(
                    entries: Int(try answer.count(1)), bytes: Int(try answer.count(2)),
                    results: Int(try answer.count(3)), deadLetters: Int(try answer.count(4)),
                    hasMore: try answer.flag(5)))
        }
    }
}
