internal import Contracts
package import Instants
internal import Redis

/// A brake on an account, as all workers see it.
package struct AccountBrake: Sendable, Hashable {
    /// Redis's clock; from then on the brake is off.
    package var until: Instant
    /// The least urgent rank of class that still goes (DOMAIN.md 5.6: 1 to 7); 0: nothing goes.
    package var lets: Int
    /// In words, for people.
    package var reason: String
    package var by: String

    /// What the reason of a brake begins with that only a person can end: a token or a permission is gone.
    package static let stopMark = "stopped: "

    package var isStop: Bool { lets == 0 && reason.hasPrefix(Self.stopMark) }

    package init(until: Instant, lets: Int, reason: String = "", by: String = "") {
        self.until = until
        self.lets = lets
        self.reason = reason
        self.by = by
    }
}

/// Whom a brake concerns.
package enum BrakedScope: Sendable, Hashable {
    case account(String)
    /// Every account of this namespace: the platform's limit on the app as a whole.
    case everybody
}

/// What is known of something that lies in an account's own slot.
package enum AccountFact<Value: Sendable & Equatable>: Sendable, Equatable {
    /// Nil where there is none.
    case known(Value?)
    /// Nobody can tell: on a cluster the account's own server cannot be reached, or somebody edited the key.
    case away
}

extension LaneStore {
    /// Brakes, for all workers; gives the brake that now stands: of two the stricter, of equally strict ones the later end.
    ///
    /// - Parameters:
    ///   - lets: see `AccountBrake.lets`.
    ///   - isBlock: a call met the platform's block of the account, so that the block's end (`enforce`) ends this too; what stood
    ///     before stands again then.
    package func brake(
        _ scope: BrakedScope, for duration: Duration, lets: Int, reason: String, by: String, isBlock: Bool = false
    ) throws(LaneError) -> AccountBrake {
        try brake(isBlock ? "block" : "brake", scope, for: duration, lets: lets, reason: reason, by: by)
    }

    private func brake(
        _ verb: String, _ scope: BrakedScope, for duration: Duration, lets: Int, reason: String, by: String
    ) throws(LaneError) -> AccountBrake {
        var command = RedisCommand(function: AccountLibrary.brake, keys: 1)
        command.add(key(of: scope))
        command.add(verb)
        command.add(duration)
        command.add(lets)
        command.add(String(reason.prefix(140)).isEmpty ? "no reason given" : String(reason.prefix(140)))
        command.add(by.isEmpty ? "unknown" : String(by.prefix(40)))
        let answer = try braking(command)
        guard answer.word == "braked" else { throw answer.unexpected(0) }
        return AccountBrake(
            until: try answer.instant(1), lets: Int(clamping: try answer.integer(2)), reason: try answer.text(3),
            by: try answer.text(4))
    }

    /// Stops an account that the platform blocks, for a month and as one that only a person, or the platform's end of it,
    /// lets go; with false the block ends, and every other brake that was set before it or meanwhile stands.
    package func enforce(_ isBlocked: Bool, on account: String, reason: String) throws(LaneError) {
        if isBlocked {
            _ = try brake(
                "block", .account(account), for: PlatformBlock.lasts, lets: 0,
                reason: AccountBrake.stopMark + "the platform enforces its policy: \(reason)", by: "ingress")
        } else {
            try end("unblock", .account(account), ["released", "kept"])
        }
    }

    /// Lets it go again, whoever braked it.
    package func release(_ scope: BrakedScope) throws(LaneError) {
        try end("release", scope, ["released"])
    }

    private func end(_ verb: String, _ scope: BrakedScope, _ words: Set<String>) throws(LaneError) {
        var command = RedisCommand(function: AccountLibrary.brake, keys: 1)
        command.add(key(of: scope))
        command.add(verb)
        let answer = try braking(command)
        guard words.contains(answer.word) else { throw answer.unexpected(0) }
    }

    /// The brakes that stand, in order; nil where none does. One round trip, O(scopes).
    package func brakes(_ scopes: [BrakedScope]) throws(LaneError) -> [AccountBrake?] {
        let replies = try plain(scopes.map { brakeReading($0) })
        return try replies.map { reply throws(LaneError) in try Self.brake(in: reply) }
    }

    /// Like `brakes`, where the other accounts are to go on although the server of one is away.
    package func brakesWhereReached(
        _ scopes: [BrakedScope]
    ) throws(LaneError) -> [AccountFact<AccountBrake>] {
        let replies = try plainWhereReached(scopes.map { brakeReading($0) })
        return try replies.map { reply throws(LaneError) in
            reply.error == nil ? .known(try Self.brake(in: reply)) : .away
        }
    }

    func brakeReading(_ scope: BrakedScope) -> RedisCommand {
        RedisCommand("HMGET", key(of: scope), "until", "lets", "reason", "by")
    }

    static func brake(in reply: RedisReply) throws(LaneError) -> AccountBrake? {
        guard let fields = reply.array, fields.count == 4 else {
            throw .unexpectedReply(call: "limits", came: reply.kind)
        }
        guard let until = fields[0].int, let lets = fields[1].int else { return nil }
        return AccountBrake(
            until: Instant(milliseconds: until), lets: Int(clamping: lets), reason: fields[2].string ?? "",
            by: fields[3].string ?? "")
    }

    private func braking(_ command: RedisCommand) throws(LaneError) -> FunctionAnswer {
        guard let reply = try run([command], of: AccountLibrary.functions).first else {
            throw .unexpectedReply(call: "brake", came: "nothing")
        }
        switch try FunctionAnswer.read(reply, call: "brake") {
        case .fault(let fault):
            let error = RedisServerError(code: fault.code, message: fault.message)
            throw .redis(
                RedisError(
                    .server(error), operation: command.name, endpoint: "\(connection.endpoint)",
                    message: error.description))
        case .answer(let answer): return answer
        }
    }

    private func key(of scope: BrakedScope) -> String {
        switch scope {
        case .account(let id): keyspace.accountLimits(id)
        case .everybody: keyspace.control("limits")
        }
    }
}
