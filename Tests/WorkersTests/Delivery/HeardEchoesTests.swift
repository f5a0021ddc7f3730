import Channels
import Contracts
import Lanes
import Testing

@testable import Delivery

@Suite("Echoes that came are remembered", .timeLimit(.minutes(5)))
struct HeardEchoesTests {
    private static func id(_ number: Int) -> ActionID { ActionID(high: 7, low: UInt64(number)) }

    @Test("one is kept while its action waits, and for a while after it was settled; then it is forgotten")
    func ages() {
        let start = ContinuousClock.now
        var heard = HeardEchoes()
        heard.insert(Self.id(1))
        heard.insert(Self.id(2))
        heard.age(Self.id(1), now: start)
        #expect(heard.contains(Self.id(1)) && heard.contains(Self.id(2)))
        heard.age(Self.id(3), now: start + HeardEchoes.lasts - .seconds(1))
        #expect(heard.contains(Self.id(1)) && !heard.contains(Self.id(3)), "nobody heard that one")
        heard.age(Self.id(3), now: start + HeardEchoes.lasts)
        #expect(!heard.contains(Self.id(1)) && heard.contains(Self.id(2)))
        heard.ageAll(but: { _ in false }, now: start + HeardEchoes.lasts)
        heard.age(Self.id(3), now: start + HeardEchoes.lasts * 2)
        #expect(heard.count == 0)
    }

    @Test("settled and heard again it is kept once, and as long as anybody waits for it")
    func again() {
        let start = ContinuousClock.now
        var heard = HeardEchoes()
        for round in 0..<3 {
            heard.insert(Self.id(1))
            heard.age(Self.id(1), now: start + .seconds(Int64(round)))
            #expect(heard.count == 1)
        }
        heard.insert(Self.id(1))
        heard.age(Self.id(2), now: start + HeardEchoes.lasts * 2)
        #expect(heard.contains(Self.id(1)))
    }

    @Test(
        "however many come, no more are kept than there is room for, and what waits is not pushed out by what is over")
    func bounded() {
        let start = ContinuousClock.now
        var heard = HeardEchoes()
        for number in 0..<(HeardEchoes.mostAged + 10) {
            heard.insert(Self.id(number))
            heard.age(Self.id(number), now: start)
        }
        #expect(heard.count == HeardEchoes.mostAged)
        #expect(!heard.contains(Self.id(9)) && heard.contains(Self.id(10)))
        for number in 0..<(HeardEchoes.most + 10) { heard.insert(Self.id(100_000 + number)) }
        #expect(heard.count == HeardEchoes.mostAged + HeardEchoes.most)
        heard.age(Self.id(100_000), now: start)
        #expect(heard.contains(Self.id(100_000)) && !heard.contains(Self.id(10)) && heard.contains(Self.id(100_001)))
    }

    @Test("a message whose echo came before its next attempt is not said again by a Redis that lost its tail")
    func waited() throws {
        let kit = try Courting(.send)
        try kit.firstAttempt()
        kit.echo()
        try kit.turn(kit.later)
        try kit.turn(kit.later)
        try #require(kit.loop.counters.closed == 1)
        #expect(try kit.house.store.recover(kit.house.lane).isEmpty)
        try losesTail(kit, closed: 2)
        #expect(kit.house.sink.started.all.map(\.number) == [1])
    }

    @Test("nor is one whose echo ended the wait for it")
    func unheard() throws {
        let kit = try Courting(.send)
        kit.house.sink.answer(.ambiguous(SendFailure(status: 0, message: "no answer")))
        try kit.turn(kit.now)
        try kit.turn(kit.now)
        try #require(kit.loop.counters.unheard == 1)
        kit.echo()
        try kit.turn(kit.now)
        try #require(kit.loop.counters.closed == 1)
        try losesTail(kit, closed: 2)
        #expect(kit.house.sink.started.all.map(\.number) == [1])
    }

    @Test("nor is one that was cancelled after its echo came")
    func cancelled() throws {
        let kit = try Courting(.send)
        try kit.firstAttempt()
        try kit.cancel()
        kit.echo()
        kit.mailbox.post { [lane = kit.house.lane, id = kit.id] mail in
            mail.orders.append(.handed(HandOver(lane: lane, actions: [], stopped: [id])))
        }
        try kit.turn(kit.now)
        try #require(kit.loop.counters.closed == 1)
        try losesTail(kit, after: 2, closed: 2)
        #expect(kit.house.sink.started.all.map(\.number) == [1])
    }

    /// The action is there again, and ends as delivered without being sent.
    private func losesTail(_ kit: Courting, after commits: UInt64 = 1, closed: UInt64) throws {
        kit.house.sink.answer(.delivered(providerID: "p"))
        try kit.losesTail(after: commits)
        for _ in 0..<3 { try kit.turn(kit.later) }
        #expect(kit.loop.counters.closed == closed)
        #expect(try kit.house.store.recover(kit.house.lane).isEmpty)
    }
}
