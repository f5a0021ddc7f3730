internal import Contracts
internal import Instants
internal import Redis

/// Committing, claiming and settling.
extension LaneStore {
    /// Writes what runs of decisions produced, each lane's as one step. Redis: O(elements).
    package func commit(_ commits: [LaneCommit]) throws(LaneError) -> [CommitReply] {
        try withheld(commits, \.lane, fault: CommitReply.failed, commitFresh)
    }

    private func commitFresh(_ commits: [LaneCommit]) throws(LaneError) -> [CommitReply] {
        let commands = commits.map { commit in Self.command(commit, keys(of: commit.lane)) }
        let replies = try run(commands, durably: true)
        return try each(commits, replies, call: "commit", fault: CommitReply.failed) { _, answer throws(LaneError) in
            switch answer.word {
            case "committed": .committed(try Self.committed(answer))
            case "fenced": .fenced
            case "sequence": .wrongSequence(expected: try answer.count(1))
            case "dead": .deadFull
            default: throw answer.unexpected(0)
            }
        }
    }

    private static func committed(_ answer: FunctionAnswer) throws(LaneError) -> Committed {
        func actions(_ place: Int) throws(LaneError) -> [ActionID] {
            var actions: [ActionID] = []
            for element in try answer.list(place) {
                guard let action = element.string.flatMap({ ActionID(hex: $0) }) else { throw answer.unexpected(place) }
                actions.append(action)
            }
            return actions
        }
        return Committed(
            clock: try answer.clock(1), nextDue: try answer.optionalInstant(3), cancelled: try actions(6),
            stopped: try actions(7), wantedBy: try answer.optionalText(5), isSuspect: try answer.flag(4))
    }

    /// The layout is the one that `commit.lua` states.
    private static func command(_ commit: LaneCommit, _ keys: LaneKeys) -> RedisCommand {
        let states = StateGroups(count: commit.states.count) { commit.states[$0].entity }
        let removed = StateGroups(count: commit.removedStates.count) { commit.removedStates[$0] }
        let hashes =
            removed.hashes.isEmpty ? states.hashes : Set(states.hashes).union(removed.hashes).sorted()
        var command = RedisCommand(
            function: LaneLibrary.commit, keys: 7 + hashes.count, expectedBytes: commit.expectedBytes + 2_400)
        for key in [keys.hash, keys.timers, keys.outbox, keys.actions, keys.results, keys.dead, keys.open] {
            command.add(key)
        }
        for hash in hashes { command.add(keys.states[hash]) }
        addHead(of: commit, to: &command)
        command.add(states.hashes.count)
        command.add(removed.hashes.count)
        command.add(commit.timers.count)
        command.add(commit.removedTimers.count)
        command.add(commit.actions.count)
        command.add(commit.cancels.count)
        command.add(commit.deadLetters.count)
        command.add(commit.openItems.count)
        command.add(commit.removedOpenItems.count)
        for (place, hash) in hashes.enumerated() where !states.members(hash).isEmpty {
            command.add(place + 8)
            command.add(states.members(hash).count)
            for member in states.members(hash) {
                command.add(commit.states[member].entity.text)
                command.add(commit.states[member].bytes)
            }
        }
        for (place, hash) in hashes.enumerated() where !removed.members(hash).isEmpty {
            command.add(place + 8)
            command.add(removed.members(hash).count)
            for member in removed.members(hash) { command.add(commit.removedStates[member].text) }
        }
        addLists(of: commit, to: &command)
        return command
    }

    private static func addHead(of commit: LaneCommit, to command: inout RedisCommand) {
        command.add(commit.token.text)
        command.add(commit.sequence)
        command.add(commit.cursor.entry)
        command.add(commit.cursor.index)
        command.add(commit.decided)
        command.add(commit.policy)
        command.add(commit.now)
        if let oldest = commit.oldestPending { command.add(oldest) } else { command.add("") }
        command.add(commit.results)
        command.add(LaneCommit.mostDeadLetters)
    }

    private static func addLists(of commit: LaneCommit, to command: inout RedisCommand) {
        for timer in commit.timers {
            command.add(timer.due)
            command.add(timer.entity.text)
        }
        for entity in commit.removedTimers { command.add(entity.text) }
        for action in commit.actions {
            command.add(action.id)
            command.add(untried: action.bytes)
        }
        for action in commit.actions {
            command.add(action.nextAttempt)
            command.add(action.id)
        }
        for action in commit.cancels { command.add(action) }
        for letter in commit.deadLetters { command.add(letter) }
        for item in commit.openItems {
            command.add(item.entity.text)
            command.add(item.bytes)
        }
        for entity in commit.removedOpenItems { command.add(entity.text) }
    }

    /// Puts attempts on record before anything is sent. Redis: O(actions).
    package func claim(_ requests: [ClaimRequest]) throws(LaneError) -> [ClaimReply] {
        let commands = requests.map { request in
            let keys = keys(of: request.lane)
            var command = RedisCommand(
                function: LaneLibrary.claim, keys: 3, expectedBytes: 300 + 70 * request.items.count)
            command.add(keys.hash)
            command.add(keys.outbox)
            command.add(keys.actions)
            command.add(request.token.text)
            for item in request.items {
                command.add(item.action)
                command.add(Int64(item.attempt))
                command.add(item.patience)
            }
            return command
        }
        let replies = try run(commands, durably: true)
        return try each(requests, replies, call: "claim", fault: ClaimReply.failed) {
            request, answer throws(LaneError) in
            switch answer.word {
            case "claims": .answered(try Self.claimed(answer, count: request.items.count))
            case "fenced": .fenced
            case "paused": .paused
            default: throw answer.unexpected(0)
            }
        }
    }

    private static func claimed(_ answer: FunctionAnswer, count: Int) throws(LaneError) -> [Claimed] {
        let pairs = try answer.list(1)
        guard pairs.count == 2 * count else { throw answer.unexpected(1) }
        var claims: [Claimed] = []
        claims.reserveCapacity(count)
        for index in stride(from: 0, to: pairs.count, by: 2) {
            guard let word = pairs[index].string, let number = pairs[index + 1].int else { throw answer.unexpected(1) }
            switch word {
            case "claimed": claims.append(.claimed(until: Instant(milliseconds: number)))
            case "gone": claims.append(.gone)
            case "open": claims.append(.attemptOpen(until: Instant(milliseconds: number)))
            case "noretry": claims.append(.noRetry)
            case "stale": claims.append(.stale(attempts: UInt32(clamping: number)))
            default: throw answer.unexpected(1)
            }
        }
        return claims
    }

    /// Ends attempts; the outcomes of those that close enter the lane's log. Redis: O(actions + bytes).
    package func settle(_ requests: [SettleRequest]) throws(LaneError) -> [SettleReply] {
        let commands = requests.map { request in
            let keys = keys(of: request.lane)
            let bytes = request.items.reduce(300) { $0 + $1.outcome.count + 90 }
            var command = RedisCommand(function: LaneLibrary.settle, keys: 5, expectedBytes: bytes)
            for key in [keys.log, keys.hash, keys.outbox, keys.actions, keys.wakeChannel] { command.add(key) }
            for item in request.items {
                command.add(item.action)
                command.add(Int64(item.attempt))
                switch item.verdict {
                case .close:
                    command.add("close")
                    command.add(0)
                case .again(let delay, let isUnclear):
                    command.add(isUnclear ? "unclear" : "again")
                    command.add(delay)
                }
                var framed: [UInt8] = []
                framed.reserveCapacity(item.outcome.count + 4)
                EventFraming.append(item.outcome, to: &framed)
                command.add(framed)
            }
            return command
        }
        let replies = try run(commands, durably: true)
        return try each(requests, replies, call: "settle", fault: SettleReply.failed) {
            request, answer throws(LaneError) in
            guard answer.word == "settled" else { throw answer.unexpected(0) }
            return .answered(
                try Self.settled(answer, count: request.items.count), entry: try answer.optionalEntry(1))
        }
    }

    private static func settled(_ answer: FunctionAnswer, count: Int) throws(LaneError) -> [Settled] {
        let pairs = try answer.list(2)
        guard pairs.count == 2 * count else { throw answer.unexpected(2) }
        var settlements: [Settled] = []
        settlements.reserveCapacity(count)
        for index in stride(from: 0, to: pairs.count, by: 2) {
            guard let word = pairs[index].string, let number = pairs[index + 1].int else { throw answer.unexpected(2) }
            switch word {
            case "closed": settlements.append(.closed)
            case "again": settlements.append(.rescheduled(at: Instant(milliseconds: number)))
            case "stale": settlements.append(.stale)
            case "gone": settlements.append(.gone)
            default: throw answer.unexpected(2)
            }
        }
        return settlements
    }
}

extension LaneCommit {
    /// What its lists take on the wire, roughly from above.
    var expectedBytes: Int {
        var bytes = results.count
        for state in states { bytes += state.bytes.count + 80 }
        for action in actions { bytes += action.bytes.count + 120 }
        for letter in deadLetters { bytes += letter.count + 16 }
        for item in openItems { bytes += item.bytes.count + 80 }
        return bytes + 80 * (timers.count + removedTimers.count + removedStates.count + removedOpenItems.count)
            + 40 * cancels.count
    }
}
