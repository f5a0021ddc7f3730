package import Instants
internal import Redis

// Which post an ad's own media is a copy of.
//
// Problem: an ad has media of its own, and the platform names the original with some of its comments only; the others
// would begin a second conversation beside the one under the original. Choice: what one webhook says is kept for the
// account, and every ingress process holds all of it in memory: the way of a webhook never waits for Redis. One hash a
// period of 30 days, which Redis drops after 70; two periods are read, so an ad lives on for as long as it is named.
// Rejected: a look at Redis per comment; one hash for ever, which fills with ads that have ended. How it fails: until the
// first comment that names the original has come, and for up to a minute in other processes, the ad's media is its own
// post (DESIGN.md says so); and again after an ad was not named for a whole period.

extension LaneStore {
    /// The most aliases of an account that are kept of one period; more ads than that run on no account at once.
    package static let mostAliases = 10_000

    private static let aliasPeriod: Int64 = 30 * 86_400
    private static let aliasesEnd = "6048000"

    /// The originals of ads' media by account, those of this period and of the one before, in one round trip. O(aliases).
    package func aliases(
        of accounts: [String], at now: Instant
    ) throws(LaneError) -> (recent: [String: [String: String]], older: [String: [String: String]]) {
        let period = now.seconds / Self.aliasPeriod
        let replies = try plain(
            [period, period - 1].flatMap { period in
                accounts.map { RedisCommand("HGETALL", keyspace.accountAliases($0, period: period)) }
            })
        var found: [[String: [String: String]]] = [[:], [:]]
        for (place, reply) in replies.enumerated() {
            guard let flat = reply.array else { throw .unexpectedReply(call: "aliases", came: reply.kind) }
            let account = accounts[place % accounts.count]
            for index in stride(from: 0, to: flat.count - 1, by: 2) {
                guard let media = flat[index].string, let original = flat[index + 1].string else { continue }
                found[place / accounts.count][account, default: [:]][media] = original
            }
        }
        return (found[0], found[1])
    }

    /// Keeps aliases in this period; one that is known already stays as it is, so that a conversation does not move twice.
    package func addAliases(_ aliases: [String: [String: String]], at now: Instant) throws(LaneError) {
        let period = now.seconds / Self.aliasPeriod
        _ = try plain(
            aliases.sorted { $0.key < $1.key }.flatMap { account, pairs in
                let key = keyspace.accountAliases(account, period: period)
                return pairs.sorted { $0.key < $1.key }.map { RedisCommand("HSETNX", key, $0.key, $0.value) }
                    + [RedisCommand("EXPIRE", key, Self.aliasesEnd)]
            })
    }
}
