package import Instants
internal import Redis

// What a platform takes of one account, shared by all workers that send for it.
//
// Problem: a platform counts what it takes of an account in any second; the account's lanes lie with many workers, who
// know nothing of each other. Choice: time is cut into slots. A slot has so many tokens that any stretch of the limit's
// own length, wherever it begins, meets no more than the limit, also if what was sent in one slot comes to the platform a
// slot later than the rest: it counts what arrives. A worker leases some of the current slot's tokens in one
// call, with the look at the account's brake that it makes anyway, and uses them within the slot. What it does not use
// lapses. Rejected: a bucket that refills, since tokens that were leased and used later pile up beyond the limit, unless
// half of it is given away; a call for each message; slots without room for the way, since the drill of the platform met
// its limits with them. What it costs: of a limit with n slots n/(n + 2) is used, five sixths for the limits that platforms
// have. How it fails: a way whose length changes by more than a slot, a tenth of a second for a limit of one second; a primary that dies may give one slot twice; while
// workers follow two policies with limits of different lengths, each limit is kept for itself; workers whose clocks differ
// from Redis's by more than what is on its way shift their use by as much.

/// One limit of a platform on one account, cut into slots.
package struct TokenLimit: Sendable, Hashable {
    /// `[a-z_]+`; part of a key.
    package let name: String
    /// Tokens of a slot, at least 1.
    package let perSlot: Int
    /// Whole milliseconds.
    package let slot: Duration

    private static let mostSlots: Int64 = 10
    /// Shorter slots cost more calls than they are worth.
    private static let shortestSlot: Int64 = 50

    /// At most `most` within any `per`: `per` has n slots, up to ten. Any stretch of that length meets n + 1, and one more that was
    /// under way for longer. A limit of two has no room for that one.
    ///
    /// - Parameters:
    ///   - most: at least 2, taken as 2 if it is less.
    ///   - per: at least 50 ms.
    package init(_ name: String, most: Int, per: Duration) {
        let most = Int64(max(2, min(most, 1_000_000)))
        let length = max(Self.shortestSlot, min(per.wholeMilliseconds, 86_400_000))
        let slots = max(1, min(Self.mostSlots, most - 2, length / Self.shortestSlot))
        self.name = name
        perSlot = Int(max(1, most / (slots + 2)))
        slot = .milliseconds((length + slots - 1) / slots)
    }
}

/// What a worker wants of one account.
package struct LeaseRequest: Sendable {
    package struct Ask: Sendable, Hashable {
        package var limit: TokenLimit
        package var wanted: Int
        /// So many of them may have what is kept for what is urgent.
        package var urgent: Int
        /// Tokens of `slot` that were not used.
        package var back = 0
        package var slot: Int64 = 0

        package init(_ limit: TokenLimit, wanted: Int, urgent: Int = 0) {
            self.limit = limit
            self.wanted = wanted
            self.urgent = urgent
        }
    }

    package let account: String
    /// At most 8.
    package let asks: [Ask]

    package init(account: String, asks: [Ask]) {
        self.account = account
        self.asks = asks
    }
}

/// Tokens, good from now until the end of their slot.
package struct TokenGrant: Sendable, Equatable {
    /// From 0 to what was wanted.
    package let granted: Int
    package let slot: Int64
    /// Redis's clock.
    package let end: Instant
    /// Asking for more before this instant of Redis's clock gives nothing.
    package let again: Instant

    package init(granted: Int, slot: Int64, end: Instant, again: Instant) {
        self.granted = granted
        self.slot = slot
        self.end = end
        self.again = again
    }
}

/// What stands about an account in its slot.
package enum AccountReading: Sendable, Equatable {
    /// One grant an ask, in order.
    case known(brake: AccountBrake?, grants: [TokenGrant])
    /// On a cluster: the account's own server cannot be reached.
    case away
}

extension LaneStore {
    /// Leases tokens and reads brakes, one answer a request, in order. One round trip; Redis: O(asks).
    ///
    /// - Parameter worker: names whoever asks among those who ask for the account.
    package func lease(_ requests: [LeaseRequest], worker: String) throws(LaneError) -> [AccountReading] {
        let commands = requests.map { request in
            var command = RedisCommand(function: AccountLibrary.lease, keys: 1 + request.asks.count)
            command.add(keyspace.accountLimits(request.account))
            for ask in request.asks { command.add(keyspace.accountTokens(request.account, ask.limit)) }
            command.add(worker.isEmpty ? "unknown" : String(worker.prefix(200)))
            for ask in request.asks {
                command.add(ask.limit.perSlot)
                command.add(ask.limit.slot)
                command.add(max(0, ask.wanted))
                command.add(max(0, ask.urgent))
                command.add(max(0, ask.back))
                command.add(max(0, ask.slot))
            }
            return command
        }
        let replies = try run(commands, of: AccountLibrary.functions)
        guard replies.count == requests.count else {
            throw .unexpectedReply(call: "lease", came: "\(replies.count) replies for \(requests.count) calls")
        }
        var readings: [AccountReading] = []
        for (request, reply) in zip(requests, replies) {
            switch try FunctionAnswer.read(reply, call: "lease") {
            case .answer(let answer): readings.append(try Self.reading(answer, asks: request.asks.count))
            case .fault(let fault) where fault.isAway: readings.append(.away)
            case .fault(let fault):
                throw .redis(
                    RedisError(
                        .server(RedisServerError(code: fault.code, message: fault.message)), operation: "FCALL lease",
                        endpoint: "\(connection.endpoint)", message: fault.description))
            }
        }
        return readings
    }

    private static func reading(_ answer: FunctionAnswer, asks: Int) throws(LaneError) -> AccountReading {
        var brake: AccountBrake?
        if let until = try answer.optionalInstant(1) {
            brake = AccountBrake(
                until: until, lets: Int(clamping: try answer.integer(2)), reason: try answer.text(3),
                by: try answer.text(4))
        }
        let numbers = try answer.list(5).compactMap(\.int)
        guard answer.word == "leased", numbers.count == 4 * asks else { throw answer.unexpected(5) }
        let grants = (0..<asks).map { place in
            TokenGrant(
                granted: Int(clamping: numbers[4 * place]), slot: numbers[4 * place + 1],
                end: Instant(milliseconds: numbers[4 * place + 2]),
                again: Instant(milliseconds: numbers[4 * place + 3]))
        }
        return .known(brake: brake, grants: grants)
    }
}
