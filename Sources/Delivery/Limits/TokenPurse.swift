internal import Contracts
internal import Instants
internal import Lanes

/// The tokens that this courier has leased: what it may still send of each account's limits in the slot that runs. Pure.
///
/// Tokens are good until the end of their slot by the server's clock; those of the round trip just made are good for its
/// round however long it took, else a slow Redis would stop sends for ever. On a cluster the server of an account may be
/// away: a courier that goes on without it (`CourierLoop.goesOnAlone`) gives itself an eighth of the limit. More than
/// eight such couriers of one account may pass the limit together; nobody counts them then.
struct TokenPurse: Sendable {
    /// What one account's calls of a round need of one limit.
    struct Need: Sendable, Equatable {
        var total = 0
        /// So many of them are of the three most urgent classes.
        var urgent = 0
    }

    private struct Key: Hashable {
        let account: String
        let limit: TokenLimit
    }

    private struct Held {
        /// Below zero: calls that went beyond what was held, which the next tokens pay for.
        var left = 0
        let slot: Int64
        let end: Instant
        /// Asking before gives nothing to what is not urgent, and to what is.
        var again = Instant.epoch
        var urgentAgain = Instant.epoch
        var isFresh = true
    }

    private static let mostHeld = 4_096
    /// Of a slot: less than that is not asked for, so that texts that come one by one need no call each.
    private static let leastPart = 8
    /// Leftovers that lapse sooner are not worth a call.
    private static let worthReturning = Duration.seconds(1)
    private var held: [Key: Held] = [:]
    /// Put in this round.
    private var fresh: [Key] = []

    /// The limits that a call of this kind counts against.
    static func limits(of kind: Action.Kind, among limits: [TokenLimit]) -> [TokenLimit] {
        switch kind {
        case .send, .senderAction: limits.filter { $0.name == "sends" }
        case .privateReply: limits.filter { $0.name == "sends" || $0.name == "private_replies" }
        default: []
        }
    }

    /// What has to be asked for beyond what is held; nothing where asking gives nothing yet.
    func asks(_ account: String, _ needs: [TokenLimit: Need], now: Instant) -> [LeaseRequest.Ask] {
        needs.sorted { $0.key.name < $1.key.name }.compactMap { limit, need in
            let known = current(Key(account: account, limit: limit), now)
            let left = known?.left ?? 0
            guard need.total > left else { return nil }
            let mayAsk = known.map { now >= $0.again } ?? true
            let mayAskUrgently = known.map { now >= $0.urgentAgain } ?? true
            guard mayAsk || need.urgent > left && mayAskUrgently else { return nil }
            let urgent = max(0, need.urgent - left)
            let wanted = max(need.total - left, limit.perSlot / Self.leastPart)
            return LeaseRequest.Ask(limit, wanted: mayAsk ? wanted : urgent, urgent: urgent)
        }
    }

    /// Takes what was leased into the purse.
    mutating func put(_ account: String, _ asks: [LeaseRequest.Ask], _ grants: [TokenGrant]) {
        if held.count > Self.mostHeld, let newest = grants.map(\.end).max() {
            held = held.filter { $0.value.end >= newest - .seconds(60) }
        }
        for (ask, grant) in zip(asks, grants) {
            let key = Key(account: account, limit: ask.limit)
            var one = held[key] ?? Held(slot: grant.slot, end: grant.end)
            if one.slot != grant.slot { one = Held(left: min(0, one.left), slot: grant.slot, end: grant.end) }
            one.left += grant.granted
            one.isFresh = true
            if grant.granted < ask.wanted { one.again = grant.again }
            if grant.granted < ask.urgent { one.urgentAgain = grant.again }
            held[key] = one
            fresh.append(key)
        }
    }

    /// An eighth of each eight slots, for an account whose server cannot be asked: of a slot with fewer tokens than eight,
    /// one now and then.
    ///
    /// - Parameter place: puts couriers that are alone at the same time into different slots.
    mutating func putAlone(_ account: String, _ limit: TokenLimit, now: Instant, place: UInt64) {
        let key = Key(account: account, limit: limit)
        let length = max(1, limit.slot.wholeMilliseconds)
        let slot = now.milliseconds / length
        guard held[key]?.slot != slot else { return }
        let debt = min(0, held[key]?.left ?? 0)
        var one = Held(slot: slot, end: Instant(milliseconds: (slot + 1) * length))
        let turn = (Int(slot % 8) + Int(place % 8)) % 8
        one.left = (turn + 1) * limit.perSlot / 8 - turn * limit.perSlot / 8 + debt
        (one.again, one.urgentAgain) = (one.end, one.end)
        held[key] = one
        fresh.append(key)
    }

    /// Takes a token of each limit; else takes none and gives the instant at which there may be some.
    ///
    /// - Parameter calls: what the action may need. It goes as soon as there is a token for one, so that a limit of one a slot
    ///   holds it up for no longer; the others are owed. So a slot may be passed by `calls` - 1 of each courier, and what
    ///   follows it has as many fewer.
    mutating func take(_ account: String, _ limits: [TokenLimit], calls: Int = 1, now: Instant) -> Instant? {
        let keys = limits.map { Key(account: account, limit: $0) }
        let lacking = keys.filter { current($0, now)?.left ?? 0 <= 0 }
        guard lacking.isEmpty else {
            return lacking.map { key in current(key, now)?.again ?? now }.max().map { max(now, $0) }
        }
        for key in keys { held[key]?.left -= calls }
        return nil
    }

    /// The round is over: from now on tokens end with their slot.
    mutating func closeRound() {
        for key in fresh { held[key]?.isFresh = false }
        fresh = []
    }

    /// Gives away what is left of slots that last for a while yet.
    mutating func leftovers(now: Instant) -> [LeaseRequest] {
        let worth = held.filter { $0.value.left > 0 && $0.value.end - now > Self.worthReturning }
        var asks: [String: [LeaseRequest.Ask]] = [:]
        for (key, one) in worth {
            var ask = LeaseRequest.Ask(key.limit, wanted: 0)
            (ask.back, ask.slot) = (one.left, one.slot)
            asks[key.account, default: []].append(ask)
            held[key] = nil
        }
        return asks.sorted { $0.key < $1.key }.map { account, asks in
            LeaseRequest(account: account, asks: asks.sorted { $0.limit.name < $1.limit.name })
        }
    }

    private func current(_ key: Key, _ now: Instant) -> Held? {
        guard let one = held[key], one.isFresh || now < one.end else { return nil }
        return one
    }
}
