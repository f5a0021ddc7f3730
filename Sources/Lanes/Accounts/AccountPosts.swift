package import Instants
internal import Redis

// Which posts of an account webhooks told of, for sweeps: a platform lists its posts, but not every ad.
//
// A sorted set an account, by the instant of the newest webhook; ingress writes it once a second, in bounded pieces, and
// what has been quiet for longer than a sweep looks back is removed. Lost with Redis's last second at the worst: the next
// comment under the post brings it back.

extension LaneStore {
    /// The most posts of an account that are kept; the longest quiet go first.
    package static let mostPosts = 2_000
    /// Sweeps look back seven days.
    package static let postsLast = Duration.seconds(8 * 86_400)

    /// Notes posts by account with the instant of their newest webhook. One round trip, O(posts · log kept).
    package func notePosts(_ posts: [String: [String: Instant]]) throws(LaneError) {
        var commands: [RedisCommand] = []
        for (account, seen) in posts.sorted(by: { $0.key < $1.key }) where !seen.isEmpty {
            let key = keyspace.accountPosts(account)
            var add = RedisCommand("ZADD", key, "GT")
            for (post, at) in seen.sorted(by: { $0.key < $1.key }) {
                add.add(at)
                add.add(post)
            }
            commands.append(add)
            if let newest = seen.values.max() {
                commands.append(
                    RedisCommand("ZREMRANGEBYSCORE", key, "-inf", "(\((newest - Self.postsLast).milliseconds)"))
            }
            commands.append(RedisCommand("ZREMRANGEBYRANK", key, "0", "\(-Self.mostPosts - 1)"))
        }
        _ = try plain(commands)
    }

    /// The posts of an account that webhooks told of, sorted.
    package func posts(of account: String) throws(LaneError) -> [String] {
        guard let reply = try plain([RedisCommand("ZRANGE", keyspace.accountPosts(account), "0", "-1")]).first,
            let members = reply.array
        else { throw .unexpectedReply(call: "posts", came: "none") }
        return members.compactMap(\.string).sorted()
    }
}

/// What the sweeps of an account found beside its webhooks.
package struct AccountGaps: Sendable, Equatable {
    /// Comments that no webhook had brought when a sweep did.
    package let missed: UInt64
    /// When the last of them was counted, by Redis's clock; nil if there never was one.
    package let lastAt: Instant?
}

extension LaneStore {
    /// Adds comments that only sweeps brought. A count for people: what dies with a worker before it is told is not counted.
    package func addMissed(_ missed: [String: UInt64]) throws(LaneError) {
        let now = "\(try serverTime().milliseconds)"
        _ = try plain(
            missed.sorted { $0.key < $1.key }.flatMap { account, count in
                let key = keyspace.accountGaps(account)
                return [RedisCommand("HINCRBY", key, "missed", "\(count)"), RedisCommand("HSET", key, "last", now)]
            })
    }

    /// Notes when the platform's own automation answered customers beside us; what is known and newer stays.
    package func notePlatformReplies(_ replies: [String: Instant]) throws(LaneError) {
        let accounts = replies.keys.sorted()
        let known = try platformReplies(of: accounts)
        let commands = zip(accounts, known).compactMap { account, last -> RedisCommand? in
            guard let at = replies[account], at > last ?? .distantPast else { return nil }
            return RedisCommand("HSET", keyspace.accountGaps(account), "platform_reply", "\(at.milliseconds)")
        }
        if !commands.isEmpty { _ = try plain(commands) }
    }

    /// When that was last, on the lane clock, in the order of the accounts; nil where it was never seen. One round trip.
    package func platformReplies(of accounts: [String]) throws(LaneError) -> [Instant?] {
        let replies = try plain(
            accounts.map { RedisCommand("HGET", keyspace.accountGaps($0), "platform_reply") })
        return replies.map { $0.string.flatMap { Int64($0) }.map(Instant.init(milliseconds:)) }
    }

    /// In the order of the accounts. One round trip.
    package func gaps(of accounts: [String]) throws(LaneError) -> [AccountGaps] {
        let replies = try plain(accounts.map { RedisCommand("HMGET", keyspace.accountGaps($0), "missed", "last") })
        return replies.map { reply in
            let fields = reply.array ?? []
            return AccountGaps(
                missed: fields.first?.string.flatMap { UInt64($0) } ?? 0,
                lastAt: fields.last?.string.flatMap { Int64($0) }.map(Instant.init(milliseconds:)))
        }
    }
}
