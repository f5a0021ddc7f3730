import Contracts
import Conversations
import Instants
import Testing

@Suite("How far sweeps have come")
struct SweepReachTests {
    private static func watch(_ fill: (inout AccountWatch) -> Void) -> AccountWatch {
        var watch = AccountWatch()
        fill(&watch)
        return watch
    }

    private static func until(_ watch: AccountWatch, messages: Bool = false) -> Int64? {
        SweepReach(watch, includesMessages: messages)?.until.milliseconds
    }

    @Test("nothing is known before an account is watched; from then on nothing is left out of before")
    func begun() {
        #expect(Self.until(AccountWatch()) == nil)
        #expect(Self.until(AccountWatch(), messages: true) == nil)
        #expect(Self.until(Self.watch { $0.beganAt = 500 }) == 500)
        #expect(Self.until(Self.watch { ($0.beganAt, $0.sweptUntil) = (500, 900) }) == 900)
        // Swept by somebody for a day before it was watched.
        #expect(Self.until(Self.watch { ($0.beganAt, $0.sweptUntil) = (500, 100) }) == 500)
        // Of a version that did not keep when it began.
        #expect(Self.until(Self.watch { $0.sweptUntil = 900 }) == 900)
    }

    @Test("the kind that is further behind counts, where direct messages are swept too")
    func kinds() {
        let late = Self.watch { ($0.sweptUntil, $0.messages.sweptUntil) = (900, 700) }
        #expect(Self.until(late) == 900)
        #expect(Self.until(late, messages: true) == 700)
        let early = Self.watch { ($0.sweptUntil, $0.messages.sweptUntil) = (700, 900) }
        #expect(Self.until(early, messages: true) == 700)
        // Sweeps of messages were switched on and none has ended.
        #expect(Self.until(Self.watch { ($0.beganAt, $0.sweptUntil) = (500, 900) }, messages: true) == 500)
        // Of a version that did not keep when it began: what is known counts, not that of one kind nothing is.
        #expect(Self.until(Self.watch { $0.sweptUntil = 900 }, messages: true) == 900)
        #expect(Self.until(Self.watch { $0.messages.sweptUntil = 700 }, messages: true) == 700)
    }

    @Test("a sweep in time leaves nothing behind, however seldom; what is beyond it counts")
    func behind() throws {
        let reach = try #require(SweepReach(Self.watch { $0.sweptUntil = 1_000_000 }, includesMessages: false))
        func behind(_ seconds: Int64, every: Int64) -> Duration {
            reach.behind(at: reach.until + .seconds(seconds), every: .seconds(every))
        }
        #expect(behind(0, every: 900) == .zero)
        #expect(behind(960, every: 900) == .zero)
        #expect(behind(961, every: 900) == .seconds(1))
        #expect(behind(960 + 7_200, every: 900) == .seconds(7_200))
        #expect(behind(960 + 7_200, every: 86_400) == .zero)
        // A clock that was set back.
        #expect(behind(-5_000, every: 900) == .zero)
    }

    @Test("of an account that was never swept, one that somebody asks for looks as far back as is said")
    func first() throws {
        var scene = WatchTurnTests.scene()
        let start = Instant.november(20, 10)
        try scene.take(WatchTurnTests.command("w1", "now", at: start), at: start)
        let asked = try #require(WatchTurnTests.sweeps(scene).last)
        #expect(asked.since == SweepReach.farthest(at: start).milliseconds)
        #expect(SweepReach.farthest(at: Instant(seconds: 5)) == .epoch)
    }

    @Test("it moves with each sweep that is whole, and stays where one fails")
    func moves() throws {
        var scene = WatchTurnTests.scene()
        let start = Instant.november(20, 10)
        func reach() throws -> Instant? {
            let state = try #require(scene.states[WatchTurnTests.shop])
            return SweepReach(state.post.watch, includesMessages: false)?.until
        }
        try scene.take(WatchTurnTests.command("w1", at: start), at: start)
        #expect(try reach() == start)
        try scene.advance(to: start + .seconds(1_201))
        let first = try #require(WatchTurnTests.sweeps(scene).first)
        let answered = Instant(milliseconds: first.decidedAt + 1_000)
        try scene.take(WatchTurnTests.fetched(first, at: answered) { $0.until = first.until }, at: answered)
        try scene.settle(first, at: answered)
        #expect(try reach()?.milliseconds == first.until)
        try scene.advance(to: answered + .seconds(700))
        let second = try #require(WatchTurnTests.sweeps(scene).last)
        #expect(second.actionID != first.actionID)
        try scene.settle(second, .failed)
        #expect(try reach()?.milliseconds == first.until)
    }
}
