package import Instants
internal import Redis

// Kill switches: what an operator has switched off, wherever anybody looks.
//
// One hash in the control slot, a field for what is off and none for what is on. The courier reads it before it sends
// (at most 1 s old), so that a switch needs no leader and no decision to work; the leader copies it into the signals,
// so that decisions know too. Rejected: the signals alone, which stand still without a leader.

/// What automation can be switched off for.
package enum AutomationScope: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Everything automatic, everywhere.
    case all
    case account(String)
    case market(String)
    case rule(String)

    /// Such as `account/shop-de`: the name in signals, outcomes and Redis.
    package var description: String {
        switch self {
        case .all: "all"
        case .account(let id): "account/\(id)"
        case .market(let name): "market/\(name)"
        case .rule(let name): "rule/\(name)"
        }
    }

    package init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        guard let slash = text.firstIndex(of: "/") else { return nil }
        let name = String(text[text.index(after: slash)...])
        guard (1...256).contains(name.utf8.count), !name.utf8.contains(where: { $0 < 0x20 }) else { return nil }
        switch text[..<slash] {
        case "account": self = .account(name)
        case "market": self = .market(name)
        case "rule": self = .rule(name)
        default: return nil
        }
    }

    package static func < (left: AutomationScope, right: AutomationScope) -> Bool {
        left.description < right.description
    }
}

/// What is switched off, since when and by whom.
package struct AutomationSwitches: Sendable, Equatable {
    package struct Off: Sendable, Hashable {
        /// Redis's clock.
        package let since: Instant
        package let by: String
    }

    package private(set) var off: [AutomationScope: Off] = [:]

    package init() {}

    package var isEmpty: Bool { off.isEmpty }

    /// The scope that stops an automatic action; nil if none does.
    package func stops(account: String, market: String?, rule: String) -> AutomationScope? {
        guard !off.isEmpty else { return nil }
        let scopes = [.all, .account(account), market.map(AutomationScope.market), .rule(rule)].compactMap { $0 }
        return scopes.first { off[$0] != nil }
    }

    /// Fields that nobody can read are passed over.
    init(reply: RedisReply) throws(LaneError) {
        guard let flat = reply.array else { throw .unexpectedReply(call: "automation", came: reply.kind) }
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let scope = flat[index].string.flatMap(AutomationScope.init),
                let parts = flat[index + 1].string?.split(separator: "\t", maxSplits: 1).map(String.init),
                let since = parts.first.flatMap(Int64.init)
            else { continue }
            off[scope] = Off(since: Instant(milliseconds: since), by: parts.count > 1 ? parts[1] : "")
        }
    }
}

/// What a courier looks at before it sends, in one round trip.
package struct SendingRules: Sendable {
    /// Redis's clock when it was read.
    package let read: Instant
    package let switches: AutomationSwitches
    /// By account.
    package let pauses: [String: AccountPause]
    /// The brake on everybody.
    package let brake: AccountBrake?
}

extension LaneStore {
    var automationKey: String { keyspace.control("automation") }

    /// Redis's clock, kill switches and the brake on everybody. O(switches).
    package func sendingRules() throws(LaneError) -> SendingRules {
        let replies = try plain([
            RedisCommand("TIME").beside(Array(automationKey.utf8)), RedisCommand("HGETALL", automationKey),
            brakeReading(.everybody),
        ])
        guard replies.count == 3 else {
            throw .unexpectedReply(call: "sending rules", came: "\(replies.count) replies")
        }
        return SendingRules(
            read: try Self.instant(ofTime: replies[0]), switches: try AutomationSwitches(reply: replies[1]),
            pauses: AccountPause.read(replies[1]), brake: try Self.brake(in: replies[2]))
    }

    package func automationSwitches() throws(LaneError) -> AutomationSwitches { try sendingRules().switches }

    /// Switches automation off or on again; couriers heed it within a second. Durable as the store is: a switch that a
    /// failover takes back would send what somebody has stopped.
    ///
    /// - Throws: `.notReplicated` if it is thrown and fewer replicas than named have it in time.
    package func setAutomation(_ scopes: [AutomationScope], isOn: Bool, by writer: String) throws(LaneError) {
        let value = "\(try serverTime().milliseconds)\t\(writer.filter { $0 != "\t" && !$0.isNewline }.prefix(100))"
        try plainDurably(
            scopes.map { scope in
                isOn
                    ? RedisCommand("HDEL", automationKey, scope.description)
                    : RedisCommand("HSET", automationKey, scope.description, value)
            })
    }
}
