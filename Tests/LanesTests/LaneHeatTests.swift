import Contracts
import Redis
import Testing

@testable import Lanes

@Suite("Hot lanes")
struct LaneHeatTests {
    private func lanes(_ counts: [UInt64]) throws -> [LaneName: UInt64] {
        Dictionary(
            uniqueKeysWithValues: try counts.enumerated().map { (try LaneName("de-berlin.\($0)"), $1) })
    }

    @Test("a lane that decides many times what others do is hot, with its rate")
    func hot() throws {
        let before = try lanes([100, 0, 0, 0, 0, 0, 0, 0])
        let after = try lanes([600, 10, 10, 10, 10, 10, 10, 10])
        let found = LaneHeat.hot(before: before, after: after, seconds: 5)
        #expect(found.map(\.lane.text) == ["de-berlin.0"])
        #expect(found.first?.rate == 100)
        #expect((found.first?.timesAverage ?? 0) > 7)
    }

    @Test(
        "no lane is hot that is only busy, slow, or went back",
        arguments: [
            ([0, 0, 0, 0, 0], [500, 500, 500, 500, 500]), ([0, 0, 0, 0, 0], [50, 0, 0, 0, 0]),
            ([900, 0, 0, 0, 0], [100, 0, 0, 0, 0]), ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
        ] as [([UInt64], [UInt64])])
    func notHot(before: [UInt64], after: [UInt64]) throws {
        #expect(LaneHeat.hot(before: try lanes(before), after: try lanes(after), seconds: 5).isEmpty)
    }

    @Test("the hottest conversations come first, those with as many by name")
    func talkers() {
        let talkers = LaneHeat.talkers(["b", "a", "c", "a", "b", "a", "d"], most: 3)
        #expect(talkers.map(\.conversation) == ["a", "b", "c"])
        #expect(talkers.map(\.decisions) == [3, 2, 1])
    }

    @Test("slots on their way are read from what a node says of itself")
    func moving() {
        let nodes = """
            a1 127.0.0.1:7000@7100 myself,master - 0 0 1 connected 0-5460 [77->-b2] [5461-<-b2]
            b2 127.0.0.1:7001@7101 master - 0 1 2 connected 5461-10922
            c3 127.0.0.1:7003@7103 slave a1 0 1 1 connected
            """
        #expect(LaneStore.movingSlots(inNodes: nodes).map(\.number) == [77, 5461])
    }
}
