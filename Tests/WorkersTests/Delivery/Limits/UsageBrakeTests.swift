import Channels
import Contracts
import Delivery
import Testing

@Suite("What the platform's measure of its limits stops")
struct UsageBrakeTests {
    private static func asked(_ percent: Int, minutes: Int = 0, type: String = "messenger") throws -> UsageBrake? {
        let header =
            #"{"1":[{"type":"\#(type)","call_count":\#(percent),"estimated_time_to_regain_access":\#(minutes)}]}"#
        return UsageBrake(try #require(MetaUsage(headers: ["x-business-use-case-usage": header])))
    }

    @Test("a time until calls are taken again stops everything until then, whatever percentage stands beside it")
    func throttled() throws {
        // The sample of Meta's page is the first.
        for percent in [97, 94, 60, 100, 250] {
            let asked = try #require(try Self.asked(percent, minutes: 19))
            #expect(asked.time == .seconds(19 * 60) && asked.lets == 0 && asked.isTold, "\(percent)")
        }
        #expect(try Self.asked(97, minutes: 19, type: "ads_insights")?.lets != 0, "another product's limit")
    }

    @Test(
        "without one it slows at 75 %, leaves background out at 85 %, and what is not urgent at 95 %",
        arguments: [
            (0, nil), (74, nil), (75, Urgency.least.rank), (84, Urgency.least.rank), (85, Urgency(.answer).rank),
            (94, Urgency(.answer).rank), (95, Urgency(.promiseNear).rank), (100, Urgency(.promiseNear).rank),
        ] as [(Int, Int?)])
    func steps(percent: Int, lets: Int?) throws {
        let asked = try Self.asked(percent)
        #expect(asked?.lets == lets)
        #expect(asked.map { !$0.isTold && $0.time == .seconds(60) } ?? true)
    }
}
