internal import Contracts
internal import Instants
internal import Lanes
internal import Logging
internal import SwiftProtobuf
internal import Telemetry

/// Gives orders to forget to lanes that could not be given theirs when they were retired (`LateOrders`). Belongs to one thread.
struct LateGiving {
    private static let every = Duration.seconds(1)
    /// Orders of one turn: each may wait two seconds for replicas in vain.
    private static let mostATurn = 16

    private let connector: LaneConnector
    private let log: Logger
    private var next: ContinuousClock.Instant?
    /// Where the next turn begins: what nobody takes does not keep the others from theirs.
    private var turn = 0
    private var open = OpenOrders()

    init(connector: LaneConnector, log: Logger) {
        self.connector = connector
        self.log = log
    }

    /// Gives what lanes take now, once a second; what of it is left. One that was retired is given the order as ever, and one that
    /// is in use again as an event. Redis: O(orders), and nothing else without any.
    mutating func give(in topology: Topology, _ store: LaneStore) throws -> OpenOrders {
        if let next, ContinuousClock.now < next { return open }
        next = .now + Self.every
        let orders = try store.lateOrders()
        open = OpenOrders()
        guard !orders.isEmpty else { return open }
        turn = turn < orders.count ? turn : 0
        let now = try store.serverTime() + topology.offset
        var given: [LateOrder] = []
        for order in (orders[turn...] + orders[..<turn]).prefix(Self.mostATurn) where try give(order, topology, store) {
            given.append(order)
            log.notice("An order to forget was given to a lane late", metadata: .of((.lane, order.lane.text)))
        }
        turn += Self.mostATurn
        try store.dropLate(given)
        let left = orders.count - given.count
        let oldest = orders.map { now - Instant(milliseconds: $0.event.happenedAt) }.max()
        open = OpenOrders(count: left, oldest: left > 0 ? oldest : nil)
        return open
    }

    /// False if the lane cannot take it now; the others have their turn.
    private func give(_ order: LateOrder, _ topology: Topology, _ store: LaneStore) throws -> Bool {
        guard topology.retired[order.lane] != nil else {
            // What no topology has any more holds nothing.
            guard let generation = topology.generation(of: order.lane), topology.lanes.contains(order.lane) else {
                return true
            }
            return try append(order, generation)
        }
        do throws(LaneError) {
            return try store.orderRetired(order.event, [order.lane], answersEmpty: true).refused.isEmpty
        } catch {
            if case .outOfStep = error { throw error }
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
