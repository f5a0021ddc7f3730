import Channels
import Contracts
import Testing

@Suite("The fixed JSON of decisions")
struct DecisionJSONTests {
    @Test("a result has the keys that DESIGN fixes, its position only where a lane is known")
    func result() throws {
        var result = DecisionResult()
        result.event = "dm:m"
        result.conversation = "m/1/2"
        result.now = 1_795_370_400_000
        result.verdict = .decided
        result.rule = "after_hours.promise"
        result.entryMs = 5
        result.entrySequence = 1
        result.index = 2
        var span = TextSpan()
        span.class = "praise"
        span.rule = "r"
        span.end = 4
        result.spans = [span]
        var mark = PromiseMark()
        mark.id = "p1"
        mark.dueAt = 1_795_420_800_000
        mark.standing = UInt32(Promise.Standing.made.rawValue)
        result.promises = [mark]
        let expected = #"""
            {"conversation":"m/1/2","event":"dm:m","now":"2026-11-22T18:00:00.000Z","outcome":"decided","policy":"ab",\#
            "promises":[{"due_at":"2026-11-23T08:00:00.000Z","id":"p1","state":"made"}],"rule":"after_hours.promise",\#
            "signals":[],"spans":[{"class":"praise","end":4,"rule":"r","start":0}],"type":"result"}
            """#
        #expect(DecisionJSON.value(of: result, policy: "ab").text() == expected)
        let placed = DecisionJSON.value(of: result, policy: "ab", lane: try LaneName("fi-helsinki.3"))
        #expect(placed["lane"] == "fi-helsinki.3" && placed["entry"] == "5-1" && placed["index"] == 2)
        result.timer = "promise_due@1795420800000"
        let fired = DecisionJSON.value(of: result, policy: "ab")
        #expect(fired["event"] == nil && fired["timer"]?.string == result.timer)
    }

    @Test("an action has the keys that DESIGN fixes")
    func action() {
        var action = MetaRequestTests.action(.privateReply)
        action.conversation = "c/1/2/3"
        action.cause = "c:900_1"
        action.class = .adModeration
        action.notAfter = 1_795_370_400_000
        let expected = #"""
            {"cause":"c:900_1","class":"ad_moderation","comment":"900_1","conversation":"c/1/2/3",\#
            "id":"00000000000000010000000000000002","kind":"private_reply","not_after":"2026-11-22T18:00:00.000Z",\#
            "text":"Hello","type":"action"}
            """#
        #expect(DecisionJSON.value(of: action).text() == expected)
    }
}
