import Contracts
import Instants
import TestSupport
import Testing

@testable import Coordination
@testable import Lanes
@testable import Membership

@Suite("What a leader says of the whole house")
struct LeaderSignalsTests {
    private static let writer = "c1"

    private static func count(_ partition: Int, pending: UInt64) throws -> LaneCount {
        LaneCount(
            lane: try LaneName("partition-with-a-long-name-\(partition).0"), owner: nil, decided: 0, pending: pending)
    }

    private static func signals(_ counts: [LaneCount]) throws -> [Signal] {
        let census = Census([], at: ControlState(now: at(9), reachableSince: at(0)), lease: .seconds(3))
        let word = DemandWord(demand: WorkerDemand([Outlook(flat: 3)], capacities: [2]), at: at(5))
        return LeaderSignals(writer: try member(writer), at: at(9))
            .of(HouseSum(counts, alive: [], at: at(8)), census, word, AutomationSwitches())
    }

    @Test("six thousand partitions with a backlog cost no other signal, and the longest backlogs are told")
    func many() throws {
        let counts = try (0..<6_000).map { try Self.count($0, pending: UInt64($0)) }
        let signals = try Self.signals(counts)
        let content = try SignalsContent(signals)
        #expect(content.leftOut == 0 && content.bytes.count < 16_384)

        let server = try PrivateRedis()
        let store = ControlStore(connection: try server.connect(), keyspace: .standard)
        let term = try store.lead(member(Self.writer), lease: .seconds(60), gap: .seconds(60)).state.term
        guard case .written = try store.number(content, by: member(Self.writer), term: term) else {
            Issue.record("expected a write")
            return
        }
        let read = try #require(try store.signals()).signals
        #expect(DemandWord(read)?.at == at(5))
        let values = Dictionary(uniqueKeysWithValues: read.map { ($0.name, $0.value) })
        #expect(values["members"] == "0" && values["lanes.orphaned"] == "6000")
        #expect(values["backlog"] == "\(5_999 * 6_000 / 2)")
        #expect(values["backlog_partitions_left_out"] == "\(5_999 - LeaderSignals.mostBacklogs)")
        #expect(read.filter { $0.name.hasPrefix("backlog") }.allSatisfy { $0.at == at(8) })
        let backlogs = read.filter { $0.name.hasPrefix("backlog.") }.compactMap { Int($0.value) }
        #expect(backlogs.sorted() == Array(6_000 - LeaderSignals.mostBacklogs..<6_000))
    }

    @Test("a partition without a backlog is not told, and nothing is left out while there is room")
    func few() throws {
        let signals = try Self.signals([Self.count(1, pending: 0), Self.count(2, pending: 7)])
        #expect(signals.filter { $0.name.hasPrefix("backlog.") }.map(\.value) == ["7"])
        #expect(signals.first { $0.name == "backlog_partitions_left_out" }?.value == "0")
    }

    @Test("what does not fit is left out from the end, counted in the snapshot and named")
    func cut() throws {
        let many = (0..<5_000).map { Signal(name: "n\($0)", value: "a long value", at: at(5), writer: "desk") }
        let content = try SignalsContent(many)
        #expect(content.bytes.count <= SignalsContent.mostBytes)
        let kept = 5_000 - content.leftOut
        #expect(kept > 1_000)
        #expect(content.leftOutNames == (kept..<kept + 8).map { "n\($0)" })
        let text = String(decoding: content.bytes, as: UTF8.self)
        #expect(text.contains("signals.left_out\t\(content.leftOut)\t") && text.contains("n\(kept - 1)\t"))
        #expect(!text.contains("n\(kept)\t"))
        #expect(throws: LaneError.self) {
            try SignalsContent([Signal(name: "a\tb", value: "", at: at(1), writer: "")])
        }
    }
}
