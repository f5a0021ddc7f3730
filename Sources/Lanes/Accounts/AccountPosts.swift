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

    /// The posts of an account that webhooks told of, with the instant of the newest webhook of each; the longest quiet first.
    package func posts(of account: String) throws(LaneError) -> [(post: String, toldAt: Instant)] {
        let command = RedisCommand("ZRANGE", keyspace.accountPosts(account), "0", "-1", "WITHSCORES")
        guard let fields = try plain([command]).first?.array else {
            throw .unexpectedReply(call: "posts", came: "none")
        }
        return stride(from: 0, to: fields.count - 1, by: 2).compactMap { place in
            guard let post = fields[place].string, let at = fields[place + 1].int else { return nil }
            return (post, Instant(milliseconds: at))
        }
    }
}
