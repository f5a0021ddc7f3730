internal import Contracts
internal import Foundation
package import Lanes
internal import SwiftProtobuf

/// How fast ingress' spool fills while Redis is away, and drains when it is back, in order.
///
/// The real holder and file: events of some thousand contacts over 64 lanes, offered in bodies of a few hundred, each
/// answered only once it is on disk. Afterwards the logs are read and every contact's events must stand in the order in
/// which they were offered, each once. With a resize the topology changes while all of it is spooled: everything gets
/// another lane, and how long a webhook waits meanwhile is measured.
package struct DrainRun {
    private static let lanes = 64
    private static let contacts = 5_000
    private static let eventsPerBody = 500

    package struct Figures: Sendable {
        package var events = 0
        package var spooling: Duration = .zero
        package var draining: Duration = .zero
        /// Not in the log, or more than once.
        package var lost = 0
        package var outOfOrder = 0
        /// How long giving all of it other lanes took, if it was to be done.
        package var rerouting: Duration?
        /// Events offered one by one meanwhile, and the longest that one waited until it was held.
        package var meanwhile = 0
        package var longestWait: Duration = .zero
    }

    private static let lanesAfterwards = 96

    private let events: Int
    private let isResized: Bool
    private let connector: LaneConnector
    private let spool: String

    /// - Parameters:
    ///   - connector: of a server that does not answer yet.
    ///   - spool: path of the file to be made.
    ///   - isResized: whether the lanes become others before anything is drained.
    package init(events: Int, connector: LaneConnector, spool: String, isResized: Bool = false) {
        self.events = events
        self.isResized = isResized
        self.connector = connector
        self.spool = spool
    }

    /// - Parameter startServer: returns once Redis answers.
    package func play(startServer: () throws -> Void) async throws -> Figures {
        var figures = Figures(events: events)
        var limits = AppenderLimits()
        limits.patience = .milliseconds(50)
        let holder = SpoolingHolder(connector: connector, limits: limits, spool: try Spool(path: spool))
        defer { holder.stop() }
        let partition = try PartitionName("bench")
        let clock = ContinuousClock()
        let bodies = try stride(from: 0, to: events, by: Self.eventsPerBody).map { start in
            try (start..<min(start + Self.eventsPerBody, events)).map { try Self.event($0, partition) }
        }
        figures.spooling = try await clock.measure {
            for body in bodies {
                for case .refused(let refusal) in await holder.append(body) {
                    throw LoadError("expected every event to be spooled, got \(refusal)")
                }
            }
        }
        if isResized { try await reroute(holder, partition, &figures) }
        try startServer()
        let start = clock.now
        while holder.spooledEvents > 0 {
            guard clock.now - start < .seconds(300) else {
                throw LoadError("expected an empty spool within 300 s, got \(holder.spooledEvents) events")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        figures.draining = clock.now - start
        try check(partition, &figures)
        return figures
    }

    /// Gives everything the lanes of a larger partition, while events come one by one.
    private func reroute(_ holder: SpoolingHolder, _ partition: PartitionName, _ figures: inout Figures) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        holder.reroute(
            LaneRoutes(number: 2) { key in
                let parts = key.split(separator: "\u{1F}").map(String.init)
                guard parts.count == 2 else { return nil }
                return LanePlace(
                    lane: partition.lane(account: parts[0], contact: parts[1], of: Self.lanesAfterwards))
            })
        while holder.isRerouting {
            let event = try Self.event(events + figures.meanwhile, partition)
            let wait = try await clock.measure {
                for case .refused(let refusal) in await holder.append([event]) {
                    throw LoadError("expected the event to be spooled, got \(refusal)")
                }
            }
            figures.meanwhile += 1
            figures.longestWait = max(figures.longestWait, wait)
        }
        figures.rerouting = clock.now - start
    }

    private static func event(_ number: Int, _ partition: PartitionName) throws -> LaneEvent {
        let contact = "c\(number % contacts)"
        var event = Event()
        event.id = "dm:m_\(number)"
        event.account = "bench"
        event.contact = contact
        event.happenedAt = 1_795_370_400_000 + Int64(number)
        event.receivedAt = event.happenedAt
        event.message.text = "Do you ship to Hanoi, and how long does a parcel take? (\(number))"
        return LaneEvent(
            lane: partition.lane(account: event.account, contact: contact, of: lanes), id: event.id,
            bytes: try event.serializedBytes(), key: "bench\u{1F}\(contact)")
    }

    private func check(_ partition: PartitionName, _ figures: inout Figures) throws {
        let store = try connector.open(clientName: "check")
        var last: [String: Int] = [:]
        var seen = 0
        for lane in 0..<(isResized ? Self.lanesAfterwards : Self.lanes) {
            var after = EntryID.start
            while true {
                let page = try store.log(partition.lane(lane), after: after, most: 100)
                for entry in page {
                    after = entry.id
                    for range in try EventFraming.ranges(of: entry.body) {
                        let event = try Event(serializedBytes: Array(entry.body[range]))
                        let number = event.id.split(separator: "_").last.flatMap { Int($0) } ?? -1
                        if number <= last[event.contact] ?? -1 { figures.outOfOrder += 1 }
                        last[event.contact] = number
                        seen += 1
                    }
                }
                if page.count < 100 { break }
            }
        }
        figures.lost = abs(events + figures.meanwhile - seen)
    }
}
