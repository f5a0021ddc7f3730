package import Contracts
internal import Instants
internal import Redis

/// Appending, taking, reading and releasing.
extension LaneStore {
    /// Puts each batch into its lane's log as one entry. Redis: O(bytes).
    package func append(_ batches: [AppendBatch]) throws(LaneError) -> [AppendReply] {
        let commands = batches.map { batch in
            let keys = keys(of: batch.lane)
            var command = RedisCommand(
                function: LaneLibrary.append, keys: 3, expectedBytes: batch.body.count + 300)
            command.add(keys.log)
            command.add(keys.hash)
            command.add(keys.wakeChannel)
            if let generation = batch.generation { command.add(generation) } else { command.add("") }
            command.add(batch.producer.description)
            command.add(batch.number)
            command.add(batch.bounds.mostPending)
            command.add(batch.bounds.mostLogBytes)
            command.add(batch.count)
            command.add(batch.body)
            return command
        }
        let replies = try run(commands, durably: true)
        return try each(batches, replies, call: "append", fault: Self.appendFault) { _, answer throws(LaneError) in
            switch answer.word {
            case "held": .held(entry: try answer.entry(1), clock: try answer.clock(2))
            case "already": .alreadyHeld(entry: try answer.optionalEntry(1), clock: try answer.clock(2))
            case "gap": .gap(expected: try answer.count(1))
            case "closed": .closed
            case "full": .full(try answer.text(1))
            case "generation": .wrongGeneration(current: try answer.count(1))
            default: throw answer.unexpected(0)
            }
        }
    }

    private static func appendFault(_ fault: LaneFault) -> AppendReply {
        fault.code == "OOM" ? .full("Redis is at its maxmemory") : .failed(fault)
    }

    /// Makes the asking owner the only one whose commits are taken. Redis: O(1).
    package func take(_ requests: [TakeRequest]) throws(LaneError) -> [TakeReply] {
        let commands = requests.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.take, keys: 3)
            command.add(keys.log)
            command.add(keys.hash)
            command.add(keys.timers)
            command.add(request.owner)
            command.add(request.assignment)
            command.add(request.token.text)
            return command
        }
        let replies = try run(commands)
        let answers = try each(requests, replies, call: "take", fault: TakeReply.failed) {
            request, answer throws(LaneError) -> TakeReply in
            switch answer.word {
            case "taken": .taken(try Self.tenure(request, answer))
            case "older": .olderAssignment(current: try answer.count(1))
            default: throw answer.unexpected(0)
            }
        }
        if connection.isCluster {
            for case .taken(let tenure) in answers { links[tenure.lane] = linkNumber(of: tenure.lane) }
        }
        return answers
    }

    private func linkNumber(of lane: LaneName) -> UInt64 { connection.linkNumber(of: keys(of: lane).slot) }

    /// Splits off the requests of lanes that must be taken again first. A failover may have taken a lane back to where it
    /// stood before, with the same token; a new connection is how this process learns of it.
    func withheld<Request, Reply>(
        _ requests: [Request], _ lane: (Request) -> LaneName, fault: (LaneFault) -> Reply,
        _ send: ([Request]) throws(LaneError) -> [Reply]
    ) throws(LaneError) -> [Reply] {
        guard connection.isCluster else { return try send(requests) }
        let fresh = requests.indices.filter { index in
            let lane = lane(requests[index])
            return links[lane].map { $0 != 0 && $0 == linkNumber(of: lane) } ?? false
        }
        var replies = requests.map { _ in fault(.retake) }
        guard !fresh.isEmpty else { return replies }
        for (index, reply) in zip(fresh, try send(fresh.map { requests[$0] })) { replies[index] = reply }
        return replies
    }

    private static func tenure(_ request: TakeRequest, _ answer: FunctionAnswer) throws(LaneError) -> Tenure {
        var suspect: Suspect?
        if let until = try answer.optionalEntry(14) {
            let mark = try answer.optionalText(15)
            suspect = Suspect(
                until: until, mark: mark.flatMap { LaneMark($0) }, strikes: Int(try answer.count(16)))
        }
        return Tenure(
            lane: request.lane, token: request.token, epoch: try answer.count(1), sequence: try answer.count(2),
            cursor: Position(entry: try answer.entry(3), index: Int(try answer.count(4))),
            clock: try answer.clock(5), policy: try answer.count(7), generation: try answer.count(11),
            isPaused: try answer.flag(8), isClosed: try answer.flag(9), isVirtual: try answer.flag(10),
            nextDue: try answer.optionalInstant(12), lastEntry: try answer.entry(13), suspect: suspect)
    }

    /// Gives each owner its lane's next entries and due timers. Redis: O(entries + timers).
    package func read(_ requests: [ReadRequest]) throws(LaneError) -> [ReadReply] {
        try withheld(requests, \.lane, fault: ReadReply.failed, readFresh)
    }

    private func readFresh(_ requests: [ReadRequest]) throws(LaneError) -> [ReadReply] {
        let commands = requests.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.read, keys: 3)
            command.add(keys.log)
            command.add(keys.hash)
            command.add(keys.timers)
            command.add(request.token.text)
            command.add(request.from)
            command.add(request.mostEntries)
            command.add(request.mostTimers)
            command.add(request.mostBytes)
            return command
        }
        let replies = try run(commands)
        return try each(requests, replies, call: "read", fault: ReadReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "reading": .reading(try Self.reading(answer))
            case "fenced": .fenced
            default: throw answer.unexpected(0)
            }
        }
    }

    private static func reading(_ answer: FunctionAnswer) throws(LaneError) -> Reading {
        let flat = try answer.list(12)
        var entries: [LogEntry] = []
        entries.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let id = flat[index].string.flatMap({ EntryID($0) }), let body = flat[index + 1].bytes else {
                throw answer.unexpected(12)
            }
            entries.append(LogEntry(id: id, body: body))
        }
        let pairs = try answer.list(13)
        var timers: [DueTimer] = []
        timers.reserveCapacity(pairs.count / 2)
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let entity = pairs[index].bytes, let due = pairs[index + 1].int else {
                throw answer.unexpected(13)
            }
            timers.append(
                DueTimer(entity: String(decoding: entity, as: UTF8.self), due: Instant(milliseconds: due)))
        }
        return Reading(
            clock: try answer.clock(1), serverTime: try answer.instant(3), entries: entries, dueTimers: timers,
            horizon: try answer.instant(4), nextDue: try answer.optionalInstant(5), isDrained: try answer.flag(6),
            isPaused: try answer.flag(7), wantedBy: try answer.optionalText(8), policy: try answer.count(9),
            lastEntry: try answer.entry(10), holdsTimers: try answer.flag(11))
    }

    /// The states of entities, nil for those that have none; in the order asked. Nil for a lane whose server cannot be
    /// reached, on a cluster only. Redis: O(entities).
    package func states(
        _ requests: [(lane: LaneName, entities: [EntityID])]
    ) throws(LaneError) -> [[[UInt8]?]?] {
        var commands: [RedisCommand] = []
        let grouped = requests.map { request in
            let keys = keys(of: request.lane)
            let groups = StateGroups(count: request.entities.count) { request.entities[$0] }
            for hash in groups.hashes {
                var command = RedisCommand("HMGET", expectedBytes: 60 + 48 * groups.members(hash).count)
                command.add(keys.states[hash])
                for member in groups.members(hash) { command.add(request.entities[member].text) }
                commands.append(command)
            }
            return groups
        }
        var replies = try plainWhereReached(commands)[...]
        var answers: [[[UInt8]?]?] = []
        for (request, groups) in zip(requests, grouped) {
            let own = replies.prefix(groups.hashes.count)
            replies = replies.dropFirst(own.count)
            guard own.allSatisfy({ $0.error == nil }) else {
                answers.append(nil)
                continue
            }
            var states = [[UInt8]?](repeating: nil, count: request.entities.count)
            for (hash, reply) in zip(groups.hashes, own) {
                let members = groups.members(hash)
                guard let found = reply.array, found.count == members.count else {
                    throw .unexpectedReply(call: "HMGET", came: "another number of states than asked for")
                }
                for (member, state) in zip(members, found) { states[member] = state.bytes }
            }
            answers.append(states)
        }
        return answers
    }

    /// Gives lanes back, which wakes their heirs. Redis: O(1).
    package func release(_ lanes: [(lane: LaneName, token: LaneToken)]) throws(LaneError) -> [ReleaseReply] {
        let commands = lanes.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(function: LaneLibrary.release, keys: 2)
            command.add(keys.hash)
            command.add(keys.wakeChannel)
            command.add(request.token.text)
            return command
        }
        let replies = try run(commands)
        return try each(lanes, replies, call: "release", fault: ReleaseReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "released": .released
            case "fenced": .fenced
            default: throw answer.unexpected(0)
            }
        }
    }
}
