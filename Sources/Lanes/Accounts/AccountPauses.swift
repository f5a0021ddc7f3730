package import Instants
internal import Redis

// Accounts that somebody has paused: events come in and are decided, and nothing is called outside.
//
// Problem: a token is exchanged, a page is handed over, something is said that nobody understands: for a while nothing may go out
// of one account, and afterwards all of it must. A kill switch settles what it stops, a brake of the platform's ends by itself
// and is lifted with the fault. Choice: a field beside the kill switches, which couriers read twice a second; what waits stays
// open. A drain is the same from an instant on: what was decided before still goes. Rejected: to close the account's
// lanes, which are others' too; to hold events back, since promises would run without anybody deciding about them. How it
// fails: what has a last instant (a closing window) is settled as expired by then, and its conversation goes to the team; a worker
// of before this version knows no pauses, so one is refused until the feature level says that there is none.

/// A pause that somebody has made.
package struct AccountPause: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// Nothing goes.
        case pause
        /// What was decided before still goes.
        case drain
    }

    package let kind: Kind
    /// Redis's clock.
    package let since: Instant
    package let by: String

    /// Whether an action waits.
    ///
    /// - Parameter decidedAt: on the server's clock: the lane clock less its offset.
    package func holds(decidedAt: Instant) -> Bool { kind == .pause || decidedAt > since }
}

extension AccountPause {
    private static let prefix = "paused/"

    static func field(_ account: String) -> String { prefix + account }

    /// `<since>\t<kind>\t<by>`.
    static func value(_ kind: Kind, since: Instant, by writer: String) -> String {
        "\(since.milliseconds)\t\(kind.rawValue)\t\(writer.filter { $0 != "\t" && !$0.isNewline }.prefix(100))"
    }

    /// The pauses among the fields of the automation hash; what nobody can read is passed over.
    static func read(_ reply: RedisReply) -> [String: AccountPause] {
        let flat = reply.array ?? []
        var pauses: [String: AccountPause] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let field = flat[index].string, field.hasPrefix(prefix),
                let parts = flat[index + 1].string?.split(
                    separator: "\t", maxSplits: 2, omittingEmptySubsequences: false),
                parts.count == 3, let since = Int64(parts[0]), let kind = Kind(rawValue: String(parts[1]))
            else { continue }
            pauses[String(field.dropFirst(prefix.count))] = AccountPause(
                kind: kind, since: Instant(milliseconds: since), by: String(parts[2]))
        }
        return pauses
    }
}

extension LaneStore {
    /// Every account that is paused or drained.
    package func accountPauses() throws(LaneError) -> [String: AccountPause] { try sendingRules().pauses }

    /// Pauses or drains accounts, or with nil lets them go on; couriers heed it within a second. One that stands begins anew.
    /// Durable as the store is.
    ///
    /// - Throws: `.notReplicated` if it is made and fewer replicas than named have it in time.
    package func setPause(
        _ accounts: [String], _ kind: AccountPause.Kind?, by writer: String
    ) throws(LaneError) {
        let since = try serverTime()
        try plainDurably(
            accounts.map { account in
                guard let kind else { return RedisCommand("HDEL", automationKey, AccountPause.field(account)) }
                return RedisCommand(
                    "HSET", automationKey, AccountPause.field(account),
                    AccountPause.value(kind, since: since, by: writer))
            })
    }
}
