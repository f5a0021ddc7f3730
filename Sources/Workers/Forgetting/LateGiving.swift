internal import Contracts
internal import Instants
internal import Lanes
internal import Logging
internal import SwiftProtobuf
internal import Telemetry

/// Gives orders to forget to lanes that could not be given theirs when they were retired (`LateOrders`). Belongs to one thread.
struct LateGiving {
    private static let every = Duration.seconds(1)
    /// After a turn that ended early: whoever shares the connection has a turn of their own meanwhile.
    private static let rest = Duration.seconds(2)
    /// Orders of one turn: each may wait two seconds for replicas in vain.
    private static let mostATurn = 16

    private let connector: LaneConnector
    private let log: Logger
    private var next: ContinuousClock.Instant?
    /// Where the next turn begins: what nobody takes, or what ends a turn, does not keep the others from theirs.
    private var turn = 0
    /// What is left, as of the last turn, whether or not that came to its end.
    private(set) var open = OpenOrders()

    init(connector: LaneConnector, log: Logger) {
        self.connector = connector
        self.log = log
    }

    /// Gives what lanes take now, once a second. One that was retired is given the order as ever, and one that is in use again
    /// as an event. Redis: O(orders), and nothing else without any.
    ///
    /// - Throws: if the connection is of no use any more, or the orders cannot be read; what was given by then counts.
    mutating func give(in topology: Topology, _ store: LaneStore) throws {
        if let next, ContinuousClock.now < next { return }
        next = .now + Self.rest
        let orders = try store.lateOrders()
        if orders.isEmpty { open = OpenOrders() } else { try give(orders, topology, store) }
        next = .now + Self.every
    }

    private mutating func give(_ orders: [LateOrder], _ topology: Topology, _ store: LaneStore) throws {
        let now = try store.serverTime() + topology.offset
        let oldest = orders.map { now - Instant(milliseconds: $0.event.happenedAt) }.max()
        open = OpenOrders(count: orders.count, oldest: oldest)
        turn = turn < orders.count ? turn : 0
        let first = turn
        var left = orders.count
        for order in (orders[first...] + orders[..<first]).prefix(Self.mostATurn) {
            turn = (turn + 1) % orders.count
            guard try give(order, topology, store) else { continue }
            // At once: what ends the turn may end the connection.
            try store.dropLate([order])
            left -= 1
            open = OpenOrders(count: left, oldest: left > 0 ? oldest : nil)
            log.notice("An order to forget was given to a lane late", metadata: .of((.lane, order.lane.text)))
        }
    }

    /// False if the lane cannot take it now, whatever the reason; the others have their turn.
    ///
    /// - Throws: if the connection is of no use any more.
    private func give(_ order: LateOrder, _ topology: Topology, _ store: LaneStore) throws -> Bool {
        do {
            if topology.retired[order.lane] != nil {
                return try store.orderRetired(order.event, [order.lane], answersEmpty: true).refused.isEmpty
            }
            // What no topology has any more holds nothing.
            guard let generation = topology.generation(of: order.lane), topology.lanes.contains(order.lane) else {
                return true
            }
            return try append(order, generation)
        } catch {
            if case .outOfStep? = error as? LaneError { throw error }
            guard !store.isBroken else { throw error }
            return false
        }
    }

    private func append(_ order: LateOrder, _ generation: UInt64) throws -> Bool {
        let appender = LaneAppender(connector: connector)
        defer { appender.stop() }
        let event = LaneEvent(
            lane: order.lane, id: order.event.id, bytes: try order.event.serializedBytes(), generation: generation)
        if case .held? = appender.appendBlocking([event]).first { return true }
        return false
    }
}
