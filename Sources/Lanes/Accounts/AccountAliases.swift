internal import Redis

// Which post an ad's own media is a copy of.
//
// Problem: an ad has media of its own, and the platform names the original with some of its comments only; the others
// would begin a second conversation beside the one under the original. Choice: what one webhook says is kept for the
// account, and every ingress process holds all of it in memory: the way of a webhook never waits for Redis. Rejected:
// a look at Redis per comment. How it fails: until the first comment that names the original has come, and for up to a
// minute in other processes, the ad's media is its own post (DESIGN.md says so).

extension LaneStore {
    /// The most aliases of an account that are kept; more ads than that run on no account at once.
    package static let mostAliases = 10_000

    /// The originals of ads' media by account, in one round trip. O(aliases).
    package func aliases(of accounts: [String]) throws(LaneError) -> [String: [String: String]] {
        let replies = try plain(accounts.map { RedisCommand("HGETALL", keyspace.accountAliases($0)) })
        var found: [String: [String: String]] = [:]
        for (account, reply) in zip(accounts, replies) {
            guard let flat = reply.array else { throw .unexpectedReply(call: "aliases", came: reply.kind) }
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                guard let media = flat[index].string, let original = flat[index + 1].string else { continue }
                found[account, default: [:]][media] = original
            }
        }
        return found
    }

    /// Keeps aliases; one that is known already stays as it is, so that a conversation does not move twice.
    package func addAliases(_ aliases: [String: [String: String]]) throws(LaneError) {
        _ = try plain(
            aliases.sorted { $0.key < $1.key }.flatMap { account, pairs in
                pairs.sorted { $0.key < $1.key }.map { media, original in
                    RedisCommand("HSETNX", keyspace.accountAliases(account), media, original)
                }
            })
    }
}
