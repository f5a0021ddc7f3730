import Contracts
import Lanes
import Membership
import Redis
import Synchronization

/// Which lanes an order of the platform was given to, and how far they are.
///
/// A page that anybody may ask for must not cost Redis much: a code that was not noted costs one GET, and what is known of
/// another is good for a second.
final class DeletionBook: Sendable {
    private static let patience = Duration.seconds(2)
    private static let freshness = Duration.seconds(1)
    private static let mostCached = 64

    private let redis: RedisThread
    private let keyspace: Keyspace
    /// What is acknowledged of retired lanes has it, as live ones' appends have.
    private let durability: Durability
    private let cached = Mutex<[String: (at: ContinuousClock.Instant, standing: ForgetStanding)]>([:])
    /// Where a walk through the quarantine stopped, by whom it looked for.
    private let stopped = Mutex<[String: String]>([:])

    init(redis: RedisThread, keyspace: Keyspace, durability: Durability) {
        self.redis = redis
        self.keyspace = keyspace
        self.durability = durability
    }

    /// Notes for as long as tombstones stand whose answers count; false if Redis did not take it.
    func note(_ code: String, _ orders: [String: [LaneName]]) async -> Bool {
        let noted: Void? = try? await redis.run(within: Self.patience) { [keyspace, durability] connection in
            try LaneStore(connection: connection, keyspace: keyspace, durability: durability).noteOrdered(code, orders)
        }
        return noted != nil
    }

    /// Gives the orders to lanes that a resize took out of use, or notes that they are to be given to them, and that those lanes
    /// answer too; false if neither can be.
    func orderRetired(
        _ code: String, _ orders: [String: [LaneName]], _ events: [Event], in topology: Topology
    ) async -> Bool {
        let done = try? await redis.run(within: Self.patience) { [keyspace, durability] connection in
            let store = LaneStore(connection: connection, keyspace: keyspace, durability: durability)
            var retired: [String: [LaneName]] = [:]
            var refusals: [String: [LaneName]] = [:]
            var late: [LateOrder] = []
            for event in events {
                guard let order = ForgetOrder(event, at: .start) else { continue }
                let (given, refused) = try store.orderRetired(
                    event, topology.retiredLanes(ofPeopleOf: event.account))
                retired[order.name] = given
                refusals[order.name] = refused
                late += refused.map { LateOrder(event, $0) }
            }
            let control = ControlStore(connection: connection, keyspace: keyspace)
            let isNoted =
                try late.isEmpty
                || FeatureStanding(of: .givesLateOrders, control) == .usable && store.noteLate(late)
            if isNoted { retired.merge(refusals) { ($0 + $1).sorted() } }
            if retired.values.contains(where: { !$0.isEmpty }) {
                try store.noteOrdered(code, orders, retired: retired)
            }
            return isNoted
        }
        return done == true
    }

    /// Nil if Redis does not answer. Done only once every lane that was given the order is.
    func standing(of code: String) async -> ForgetStanding? {
        let now = ContinuousClock.now
        if let known = cached.withLock({ $0[code] }), now - known.at < Self.freshness { return known.standing }
        let standing = try? await redis.run(within: Self.patience) { [keyspace] connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            guard let lanes = try store.ordered(code) else { return ForgetStanding.unknown }
            let orders = Dictionary(grouping: lanes) { $0 }
            let distinct = orders.keys.sorted()
            let answers = zip(distinct, try store.forgotten(distinct))
            return ForgetStanding(of: code, answers.map { (people: $1, orders: orders[$0]?.count ?? 1) })
        }
        guard let standing, standing != .unknown else { return standing }
        cached.withLock { cached in
            if cached.count >= Self.mostCached { cached.removeAll() }
            cached[code] = (now, standing)
        }
        return standing
    }

    /// Page by page, so that others get their turn on the connection; false if it did not come to the end in time. Said again it
    /// goes on where it stopped.
    func clearQuarantine(_ accounts: [String], _ contact: String) async -> Bool {
        let end = ContinuousClock.now + Self.patience
        let walk = (accounts.sorted() + [contact]).joined(separator: "\u{1F}")
        var from: String? = stopped.withLock { $0.removeValue(forKey: walk) } ?? "-"
        defer {
            if let from {
                stopped.withLock { stopped in
                    if stopped.count >= Self.mostCached { stopped.removeAll() }
                    stopped[walk] = from
                }
            }
        }
        while let start = from {
            let page = try? await redis.run(within: Self.patience) { [keyspace] connection in
                try QuarantineShelf(connection, keyspace).clearPage(
                    from: start, accounts: Set(accounts), contact: contact)
            }
            guard let page else { return false }
            from = page.next
            guard from == nil || ContinuousClock.now < end else { return false }
        }
        return true
    }
}
