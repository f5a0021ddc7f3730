import Contracts
import Conversations
import Coordination
import Delivery
import Instants
import Lanes
import Logging
import Membership
import Redis
import Synchronization
import TestSupport
import Testing
import Workers

@Suite("Lanes that people move")
struct MovedByHandTests {
    /// A worker as the executable puts it together.
    private final class Hand: Sendable {
        let id: MemberID
        let service: WorkerService
        let member: Member

        init(_ name: String, _ kit: WorkerKit) throws {
            id = try MemberID(name: name, incarnation: 1)
            let relay = Relay()
            service = try WorkerService(
                WorkerSetting(
                    connector: kit.connector, owner: id.text, runners: 1, decider: FakeDecider.decider,
                    policy: try WorkerKit.policy(),
                    carriers: Carriers(channel: kit.sink, tell: kit.sink, notify: kit.sink),
                    committed: { [events = kit.events] _, committed in events.ring(with: committed.map { _ in 1 }) }),
                report: { relay.tell($0) })
            member = Member(
                id: id, connector: kit.connector, host: service.host,
                log: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
            relay.use { [member] in member.report($0) }
        }

        func stop() {
            member.stop()
            _ = service.stop(atMost: WorkerKit.patience)
        }
    }

    /// Reports that came before there was somebody to hear them are kept.
    private final class Relay: Sendable {
        private let state = Mutex<(early: [LaneReport], listener: (@Sendable (LaneReport) -> Void)?)>(([], nil))

        func tell(_ report: LaneReport) {
            state.withLock { state in
                if let listener = state.listener { listener(report) } else { state.early.append(report) }
            }
        }

        func use(_ listener: @escaping @Sendable (LaneReport) -> Void) {
            state.withLock { state in
                for report in state.early { listener(report) }
                state = ([], listener)
            }
        }
    }

    @Test("a lane that is pinned to one worker and then to the other under traffic decides every event once, in order")
    func moves() throws {
        let kit = try WorkerKit()
        let topology = TopologyStore(connection: try kit.redis.connect(), keyspace: .standard)
        _ = try topology.create(
            TopologyWish(
                partitions: [.sample: .init(market: "de", zone: "Europe/Berlin", lanes: 4)], accounts: [:], teams: []))
        let control = ControlStore(connection: try kit.redis.connect(), keyspace: .standard)
        let coordinator = Coordinator(
            id: try MemberID(name: "c1", incarnation: 1), connector: kit.connector,
            log: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
        defer { coordinator.stop() }
        let hands = try ["w1", "w2"].map { try Hand($0, kit) }
        defer { for hand in hands { hand.stop() } }

        var count = 0
        for round in 0..<6 {
            let hand = hands[round % 2]
            try control.pin([kit.lane], to: hand.id, for: .seconds(3_600), by: "test")
            var isThere = false
            let end = ContinuousClock.now + WorkerKit.patience
            while !isThere || count % 20 != 0 {
                try kit.append([("ann", "\(count)"), ("bob", "\(count)")])
                count += 1
                isThere = try kit.look().owner == hand.id.text
                try #require(ContinuousClock.now < end, "the lane never came to \(hand.id)")
            }
        }
        try kit.decided(UInt64(2 * count))
        for contact in ["ann", "bob"] {
            let own = try kit.rules().filter { $0.hasPrefix(contact) }
            #expect(own == (0..<count).map { "\(contact):\($0)#\($0 + 1)" })
        }
        #expect(try kit.look().epoch > 0)
    }
}
