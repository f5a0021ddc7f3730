package import Contracts
internal import Redis
internal import SwiftProtobuf

// Orders to forget that a retired lane could not be given.
//
// Problem: a lane that a resize took out of use may be away, or on its way back into use, just when the platform says that somebody
// wants their data deleted; refused, the platform need not say it again, and live lanes have the order already. Choice: what is
// left to be given stands in the control slot, at the house's durability, before the platform is answered; the coordinator that
// leads gives it as soon as the lane takes it (`RetiredForgetter`), or as an event if the lane is in use again. Whoever asks how far
// the order is waits for these lanes as for the others. Rejected: to spool it at ingress, whose disk need not be there tomorrow.
// How it fails: it holds the person's id in clear until it is given; while nobody leads, or the lane is lost for good, it stands,
// which a metric tells. A coordinator of an older release would overlook it: nothing is noted before the house's level says that
// there is none (`FeatureLevel.givesLateOrders`, which this module does not know of).

/// One order that one lane is still to be given.
package struct LateOrder: Sendable {
    /// As `ForgetOrder.event` makes it.
    package let event: Event
    package let lane: LaneName

    package init(_ event: Event, _ lane: LaneName) {
        self.event = event
        self.lane = lane
    }

    /// `<order's name> <lane>`; nil for an event that is no order.
    var field: String? { ForgetOrder(event, at: .start).map { "\($0.name) \(lane)" } }
}

extension LaneStore {
    /// Beyond so many none is noted: somebody gives orders faster than lanes come back.
    package static let mostLateOrders = 4_096

    /// Notes what is still to be given, once however often it is said; false if there is no room for what is new of it. Redis:
    /// O(orders named).
    package func noteLate(_ orders: [LateOrder]) throws(LaneError) -> Bool {
        guard !orders.isEmpty else { return true }
        var command = RedisCommand("HSET")
        command.add(lateKey)
        var fields: Set<String> = []
        for order in orders {
            guard let field = order.field, let bytes: [UInt8] = try? order.event.serializedBytes() else {
                throw .invalidRequest("expected orders to forget, came an event \(order.event.id.prefix(40))")
            }
            fields.insert(field)
            command.add(field)
            command.add(bytes)
        }
        let asked = [RedisCommand("HLEN", lateKey)] + fields.sorted().map { RedisCommand("HEXISTS", lateKey, $0) }
        let replies = try plain(asked)
        let new = fields.count - replies.dropFirst().count { $0.int == 1 }
        guard new == 0 || Int(clamping: replies.first?.int ?? 0) <= Self.mostLateOrders - new else { return false }
        try plainDurably([command])
        return true
    }

    /// Everything that is still to be given, in the order of names; what cannot be read is passed over. Redis: O(orders).
    package func lateOrders() throws(LaneError) -> [LateOrder] {
        guard let flat = try plain([RedisCommand("HGETALL", lateKey)]).first?.array else {
            throw .unexpectedReply(call: "late orders", came: "no array")
        }
        var found: [(field: String, order: LateOrder)] = []
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let field = flat[index].string, let bytes = flat[index + 1].bytes,
                let lane = field.split(separator: " ").last.flatMap({ try? LaneName(String($0)) }),
                let event = try? Event(serializedBytes: bytes)
            else { continue }
            let order = LateOrder(event, lane)
            if order.field == field { found.append((field, order)) }
        }
        return found.sorted { $0.field < $1.field }.map(\.order)
    }

    /// These were given.
    package func dropLate(_ orders: [LateOrder]) throws(LaneError) {
        var command = RedisCommand("HDEL")
        command.add(lateKey)
        let fields = orders.compactMap(\.field)
        guard !fields.isEmpty else { return }
        for field in fields { command.add(field) }
        _ = try plain([command])
    }

    private var lateKey: String { keyspace.control("late-orders") }
}
