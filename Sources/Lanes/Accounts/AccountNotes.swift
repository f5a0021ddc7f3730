package import Instants
internal import Redis

// What workers saw of an account, noted for people in the account's own slot: comments that only sweeps brought, and when the
// platform's own automation last answered beside us. Where one account's server is away the others' notes are written and
// read all the same.

/// What the sweeps of an account found beside its webhooks.
package struct AccountGaps: Sendable, Equatable {
    /// Comments that no webhook had brought when a sweep did.
    package let missed: UInt64
    /// When the last of them was counted, by Redis's clock; nil if there never was one.
    package let lastAt: Instant?
}

extension LaneStore {
    /// Adds comments that only sweeps brought. A count for people: what dies with a worker before it is told is not counted.
    ///
    /// - Returns: the accounts of which it was not written.
    package func addMissed(_ missed: [String: UInt64]) throws(LaneError) -> Set<String> {
        let now = "\(try serverTime().milliseconds)"
        let accounts = missed.keys.sorted()
        let replies = try plainWhereReached(
            accounts.flatMap { account in
                let key = keyspace.accountGaps(account)
                return [
                    RedisCommand("HINCRBY", key, "missed", "\(missed[account] ?? 0)"),
                    RedisCommand("HSET", key, "last", now),
                ]
            })
        // The count is the first of each account's two.
        return Set(accounts.indices.filter { replies[2 * $0].error != nil }.map { accounts[$0] })
    }

    /// Notes when the platform's own automation answered customers beside us; what is known and newer stays.
    ///
    /// - Returns: the accounts of which it was not written.
    package func notePlatformReplies(_ replies: [String: Instant]) throws(LaneError) -> Set<String> {
        let accounts = replies.keys.sorted()
        var away: Set<String> = []
        var newer: [(account: String, at: Instant)] = []
        for (account, reading) in zip(accounts, try platformReplies(of: accounts)) {
            guard case .known(let last) = reading else {
                away.insert(account)
                continue
            }
            if let at = replies[account], at > last ?? .distantPast { newer.append((account, at)) }
        }
        guard !newer.isEmpty else { return away }
        let written = try plainWhereReached(
            newer.map {
                RedisCommand("HSET", keyspace.accountGaps($0.account), "platform_reply", "\($0.at.milliseconds)")
            })
        return away.union(zip(newer, written).filter { $0.1.error != nil }.map(\.0.account))
    }

    /// When that was last, on the lane clock, in the order of the accounts; nil where it was never seen. One round trip.
    package func platformReplies(of accounts: [String]) throws(LaneError) -> [AccountFact<Instant>] {
        let replies = try plainWhereReached(
            accounts.map { RedisCommand("HGET", keyspace.accountGaps($0), "platform_reply") })
        return replies.map { reply in
            guard reply.error == nil else { return .away }
            return .known(reply.string.flatMap { Int64($0) }.map(Instant.init(milliseconds:)))
        }
    }

    /// In the order of the accounts. One round trip.
    package func gaps(of accounts: [String]) throws(LaneError) -> [AccountFact<AccountGaps>] {
        let replies = try plainWhereReached(
            accounts.map { RedisCommand("HMGET", keyspace.accountGaps($0), "missed", "last") })
        return replies.map { reply in
            guard reply.error == nil else { return .away }
            let fields = reply.array ?? []
            return .known(
                AccountGaps(
                    missed: fields.first?.string.flatMap { UInt64($0) } ?? 0,
                    lastAt: fields.last?.string.flatMap { Int64($0) }.map(Instant.init(milliseconds:))))
        }
    }
}
