import Contracts
import Testing

@testable import Coordination

@Suite("Rows by lane")
struct LaneRowsTests {
    private static func rows(_ names: [LaneName]) -> LaneRows<Int> {
        var rows = LaneRows<Int>()
        rows.become(names) { names.firstIndex(of: $0) ?? -1 }
        return rows
    }

    @Test(
        "a lane is found where it was expected, or wherever it is, ordered or not, and nothing else is",
        arguments: [0, 1])
    func places(step: Int) throws {
        let all = try lanes(50)
        let names = step == 0 ? all.sorted() : all
        let rows = Self.rows(names)
        for (place, lane) in names.enumerated() {
            for near in [place, 0, 49, -1, 50] { #expect(rows.place(of: lane, near: near) == place) }
        }
        #expect(rows.place(of: try lane(50), near: 3) == nil)
        #expect(LaneRows<Int>().place(of: try lane(0)) == nil)
    }

    @Test("when the lanes change, those that stay keep their rows and new ones get new ones")
    func becomes() throws {
        var rows = Self.rows(try lanes(4))
        rows.become([try lane(9), try lane(3), try lane(1)]) { _ in 77 }
        #expect(rows.rows == [77, 3, 1] && rows.lanes.count == 3)
        rows[1] = 5
        rows.become(rows.lanes) { _ in 0 }
        #expect(rows.rows == [77, 5, 1])
    }
}
